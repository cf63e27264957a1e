// Who asks for metrics asks no worker: the page is whole while all of them hang.

#include "api_server.hpp"
#include "metrics_page.hpp"

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <deque>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t workers_wanted = 2;
constexpr int asked = 7;

constexpr std::string_view answers = "http_server_request_duration_seconds_count{http_request_"
                                     "method=\"GET\",http_route=\"/who\"";
constexpr std::string_view waiting = "cohort_accept_queue_connections{";

api_plan unwatched()
{
    return {.workers = workers_wanted,
            .file = "[app.api.health]\nheartbeat = \"off\"\n"
                    "[app.api.stop]\ntimeout = \"1s\"\n"};
}

/// A page on which each worker has all that it ever shows.
metrics_page whole_page(api_server& app)
{
    for (int i = 0; i < asked; ++i) {
        client over{app.port()};
        who_is(over);
    }
    metrics_page seen{""};
    REQUIRE(eventually([&] {
        seen = page_at_door(app.program(), "api");
        return seen.sum(answers) == asked &&
               seen.has("cohort_worker_memory_share_bytes{slot=\"0\"") &&
               seen.has("cohort_worker_memory_share_bytes{slot=\"1\"") && seen.has(waiting);
    }));
    return seen;
}

/// While nobody accepts: those who come now are seen to wait, and all else is as it was.
void check_whole(api_server& app, const metrics_page& before)
{
    constexpr int guests = 5;
    std::deque<client> come;
    for (int i = 0; i < guests; ++i)
        come.emplace_back(app.port());
    // So this page is younger than they are.
    metrics_page after{""};
    CHECK(eventually([&] {
        after = page_at_door(app.program(), "api");
        return after.sum(waiting) == guests &&
               after.sum("cohort_accept_queue_limit_connections{") >= guests;
    }));
    for (const auto& [series, value] : before.values) {
        CAPTURE(series);
        CHECK(after.values.contains(series));
    }
    check_nothing_fell(before, after);
    CHECK(after.sum(answers) == asked);
    CHECK(eventually([&] {
        const auto state = ask_at_door(app.program(), "api", "GET /api/v1/state").json();
        return std::ranges::count_if(state.at("workers").as_array(), [](const auto& each) {
                   return each.at("silent_s").is_number() && each.at("ready") == false;
               }) == std::ssize(state.at("workers").as_array());
    }));
}

}  // namespace

TEST_CASE("all workers are stopped: the page has every series, and what they counted")
{
    api_server app{unwatched()};
    const metrics_page before = whole_page(app);
    const std::vector<pid_t> stopped = app.workers();
    REQUIRE(stopped.size() == workers_wanted);
    for (const pid_t each : stopped)
        REQUIRE(::kill(each, SIGSTOP) == 0);
    check_whole(app, before);
    for (const pid_t each : stopped)
        REQUIRE(::kill(each, SIGCONT) == 0);
    client over{app.port()};
    who_is(over);
    CHECK(eventually([&] { return page_at_door(app.program(), "api").sum(answers) == asked + 1; }));
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("all workers are in handlers that do not end: likewise")
{
    api_server app{unwatched()};
    const metrics_page before = whole_page(app);
    std::map<pid_t, nanoseconds> had;
    for (const pid_t each : app.workers())
        had[each] = processor_time(each);
    const auto computes = [](const auto& one) {
        return processor_time(one.first) - one.second >= 200ms;
    };
    std::deque<client> hanging;
    for (std::ptrdiff_t hang = 1; hang <= std::ssize(had); ++hang) {
        ask_for(hanging.emplace_back(app.port()), "/hang");
        // What comes next is not accepted by this one.
        REQUIRE(eventually([&] { return std::ranges::count_if(had, computes) == hang; }));
    }
    check_whole(app, before);
}
