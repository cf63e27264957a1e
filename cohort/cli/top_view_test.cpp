#include <cohort/cli/top_view.hpp>
#include <cohort/cli/screen.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <algorithm>

using namespace cohort;
using namespace cohort::cli;

namespace {

boost::json::object slot(std::int64_t number, std::int64_t running)
{
    return {{"slot", number},
            {"name", fmt::format("api.{}", number)},
            {"stage", "serving"},
            {"pid", 4000 + number},
            {"generation", 1},
            {"uptime_ms", 65'000},
            {"restarts", 0},
            {"running", running},
            {"connections", 10},
            {"beat_ms", 20},
            {"memory_bytes", 20 << 20},
            {"requests_per_s", 12.5},
            {"processor_now", 0.25}};
}

top_look look_at(std::int64_t slots)
{
    top_look seen;
    boost::json::array all;
    for (std::int64_t i = 0; i < slots; ++i)
        all.emplace_back(slot(i, i == 2 ? 90 : 3));
    seen.survey = {{"app", "api"},
                   {"stage", "serving"},
                   {"serving", slots},
                   {"wanted", slots},
                   {"requests_per_s", 50.0}};
    seen.survey["slots"] = std::move(all);
    seen.history = {1, 2, 4};
    for (int i = 0; i < 30; ++i)
        seen.events.push_back({{"time", "2026-01-31T12:34:56.789Z"},
                               {"event", "end"},
                               {"slot", 1},
                               {"worker", i},
                               {"pid", 7},
                               {"reason", "exited \x1b[2J"}});
    return seen;
}

std::string text_of_all(const std::vector<top_line>& lines)
{
    std::string all;
    for (const top_line& each : lines)
        all += each.text() + '\n';
    return all;
}

}  // namespace

TEST_CASE("the oddest slot comes first, and who does not serve before that")
{
    std::vector<top_look> looks{look_at(5)};
    CHECK(top_slots(looks, top_order::oddness).front() == "api.2");
    CHECK(top_slots(looks, top_order::slot).front() == "api.0");
    looks.front().survey["slots"].as_array()[4].as_object()["stage"] = "parked";
    const auto names = top_slots(looks, top_order::oddness);
    CHECK(names[0] == "api.4");
    CHECK(names[1] == "api.2");
    const auto lines = top_lines(looks, {}, 120, 30);
    CHECK(text_of_all(lines).find("serving, odd") != std::string::npos);
}

TEST_CASE("of two workers neither is odd")
{
    const auto one = slot(0, 1);
    const auto other = slot(1, 500);
    CHECK(top_oddness({&one, &other}) == std::vector<double>{0, 0});
}

TEST_CASE("every size of a terminal has room for the chosen slot and for the keys")
{
    const std::vector<top_look> looks{look_at(64)};
    top_choice choice;
    choice.order = top_order::slot;
    choice.slot = "api.63";
    for (unsigned width = 1; width < 200; width += 13) {
        for (unsigned height = 1; height < 100; height += 3) {
            CAPTURE(width);
            CAPTURE(height);
            const auto lines = top_lines(looks, choice, width, height);
            CHECK(lines.size() <= std::max(height, 2U));
            CHECK(lines.back().text().starts_with(width == 1 ? "…" : "q leaves"));
            if (height > 12)
                CHECK(std::ranges::any_of(lines, &top_line::chosen));
        }
    }
}

TEST_CASE("a narrow terminal has fewer columns, and no row is wider than it")
{
    const std::vector<top_look> looks{look_at(3)};
    const std::string wide = text_of_all(top_lines(looks, {}, 140, 24));
    CHECK(wide.find("restarts") != std::string::npos);
    CHECK(wide.find("last end") != std::string::npos);
    const auto lines = top_lines(looks, {}, 50, 24);
    const std::string narrow = text_of_all(lines);
    CHECK(narrow.find("req/s") != std::string::npos);
    CHECK(narrow.find("lanes") == std::string::npos);
    for (const top_line& each : lines) {
        if (each.text().find("api.1 ") != std::string::npos)
            CHECK(width_of(each.text()) <= 52);  // with the gap behind it
    }
}

TEST_CASE("what the dashboard knows is shown where it is known")
{
    top_look seen = look_at(3);
    CHECK_FALSE(text_of_all(top_lines({seen}, {}, 160, 30)).contains("p99"));
    seen.survey["p99_ms"] = 8.25;
    seen.survey["errors_per_s"] = 2.0;
    seen.survey["reason"] = "api.1 is kept empty";
    seen.survey["dropped"] = {{"log_lines", 0}, {"spans", 12}};
    seen.survey["refused"] = {{"rate_limited", 3}};
    auto& slots = seen.survey["slots"].as_array();
    slots[1].as_object()["oddness"] = 5.0;
    slots[1].as_object()["lag_p99_ms"] = 250.0;
    slots[1].as_object()["utilisation"] = 0.125;
    slots[2].as_object()["oddness"] = 0.0;
    CHECK(top_slots({seen}, top_order::oddness).front() == "api.1");
    const std::string all = text_of_all(top_lines({seen}, {}, 160, 30));
    for (const char* each : {"p99 8.2ms", "2.0 err/s", "api.1 is kept empty", "250ms", "12.5%",
                             "dropped: 12 spans  refused: 3 rate limited"})
    {
        CAPTURE(each);
        CHECK(all.contains(each));
    }
}

TEST_CASE("a high terminal has the lists of the page, a low one the events alone")
{
    top_look seen = look_at(2);
    boost::json::array routes;
    for (int i = 0; i < 30; ++i)
        routes.push_back(boost::json::object{{"method", "GET"},
                                             {"route", fmt::format("/things/{}", i)},
                                             {"requests_per_s", 7.5},
                                             {"errors_per_s", 0.5},
                                             {"p50_ms", 1.5},
                                             {"p99_ms", 120.0},
                                             {"time_share", 0.625}});
    seen.survey["routes"] = std::move(routes);
    seen.survey["crashes"] = {{{"at", "2026-01-31T12:34:50.000Z"},
                               {"slot", 1},
                               {"pid", 9},
                               {"cause", "crash"},
                               {"words", "crashed: SIGSEGV"},
                               {"report", nullptr}}};
    seen.survey["throttled_s"] = 2.25;
    seen.survey["memory"] = {{"shared_bytes", 3 << 20}, {"shared_room", 64 << 20}};
    auto& slots = seen.survey["slots"].as_array();
    slots[0].as_object()["fds"] = 41;
    slots[0].as_object()["last_error"] = {{"at", "2026-01-31T10:00:00.000Z"}, {"words", "older"}};
    slots[1].as_object()["last_error"] = {{"at", "2026-01-31T11:22:33.000Z"},
                                          {"words", "no such table"}};
    const std::string high = text_of_all(top_lines({seen}, {}, 160, 50));
    for (const char* each :
         {"GET /things/0    62.5%      7.5      0.5    1.5ms    120ms", "GET /things/9 ",
          "11:22:33  api.1  no such table", "crash reports (cohort why api)",
          "12:34:50  api.1  crashed: SIGSEGV", "throttled: 2.2s", "shared 3.0M of 64M", "fds",
          " 41 ", "ended: exited"})
    {
        CAPTURE(each);
        CHECK_MESSAGE(high.contains(each), high);
    }
    CHECK_FALSE(high.contains("/things/10"));
    CHECK_FALSE(high.contains("older"));
    const std::string middle = text_of_all(top_lines({seen}, {}, 80, 20));
    CHECK_MESSAGE(middle.contains("GET /things/0 "), middle);
    CHECK_FALSE(middle.contains("/things/5"));
    CHECK(middle.contains("ended: exited"));
    const std::string low = text_of_all(top_lines({seen}, {}, 80, 13));
    CHECK_MESSAGE(!low.contains("/things"), low);
    CHECK(low.contains("ended: exited"));
    CHECK(low.contains("api.1 "));
}

TEST_CASE("the words of others move no cursor")
{
    const std::string all = text_of_all(top_lines({look_at(3)}, {}, 120, 40));
    CHECK(all.find("exited") != std::string::npos);
    CHECK(all.find('\x1b') == std::string::npos);
}

TEST_CASE("no line is longer than the terminal is wide, and what was cut ends with a mark")
{
    top_look seen = look_at(3);
    seen.survey["reason"] = "api.1 is kept empty, and this is told at some length";
    for (unsigned width = 1; width <= 200; ++width) {
        CAPTURE(width);
        for (const top_line& each : top_lines({seen}, {}, width, 40))
            CHECK(width_of(each.text()) <= width);
    }
    const auto lines = top_lines({seen}, {}, 30, 40);
    CHECK(lines[0].text() == "api  serving  3/3 workers  50…");
    CHECK(lines[1].text() == "api.1 is kept empty, and this…");
}

TEST_CASE("bars show the latest at the right")
{
    CHECK(top_bars({0, 7}, 10) == "▁█");
    CHECK(top_bars({9, 0, 0}, 2) == "▁▁");
    CHECK(top_bars({}, 2).empty());
}

TEST_CASE("keys are known by what terminals send for them")
{
    using enum key::kind;
    CHECK(key_of("\x1b[A").what == up);
    CHECK(key_of("\x1bOB").what == down);
    CHECK(key_of("\x1b").what == nothing);
    CHECK(key_of("\x1b[5~").what == nothing);
    CHECK(key_of("\x03").what == leave);
    CHECK(key_of("d").letter == 'd');
}
