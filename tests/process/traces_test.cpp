// A request whose worker dies: both attempts are in one trace, whoever began it.

#include "operator_of.hpp"
#include "traced_server.hpp"

#include <cohort/testing/client.hpp>

#include <fmt/format.h>

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::testing;

namespace {

using object = boost::json::object;

std::string_view text_at(const object& span, std::string_view key)
{
    const auto* const found = span.if_contains(key);
    return found == nullptr ? std::string_view{} : std::string_view{found->as_string()};
}

std::string_view message_of(const object& span)
{
    const auto* const status = span.if_contains("status");
    return status == nullptr ? std::string_view{} : text_at(status->as_object(), "message");
}

/// The span of the attempt that died, of the one that did not, and of what they did.
struct attempts {
    explicit attempts(const std::vector<object>& spans)
    {
        for (const object& each : spans) {
            if (each.at("name") != "before the end")
                (message_of(each) == "worker died" ? dead : alive) = each;
        }
        for (const object& each : spans) {
            if (each.at("name") == "before the end")
                (is_part_of(each, dead) ? of_dead : of_alive) = each;
        }
    }
    static bool is_part_of(const object& part, const object& whole)
    {
        return text_at(part, "parentSpanId") == text_at(whole, "spanId");
    }
    object dead;
    object alive;
    object of_dead;
    object of_alive;
};

}  // namespace

TEST_CASE("kept: both attempts of a replayed request are in one trace, with what they did")
{
    traced_server app;
    const std::string theirs = "0af7651916cd43dd8448eb211c80319c";
    for (const bool is_theirs : {false, true}) {
        CAPTURE(is_theirs);
        client one{app.port};
        one.send(fmt::format("GET /seen/die_once HTTP/1.1\r\nHost: test\r\n{}\r\n",
                             is_theirs ? "traceparent: 00-" + theirs + "-b7ad6b7169203331-01\r\n"
                                       : std::string{}));
        CHECK(one.receive_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
        std::string trace = one.receive_until("\n");
        trace.pop_back();
        CHECK((trace == theirs) == is_theirs);
        const auto spans = app.spans(trace);
        REQUIRE(spans.size() == 4);
        const attempts both{spans};
        CHECK(text_at(both.dead, "name") == "GET /seen/die_once");
        CHECK(text_at(both.alive, "name") == "GET /seen/die_once");
        CHECK(message_of(both.alive).empty());
        CHECK(text_at(both.dead, "spanId") != text_at(both.alive, "spanId"));
        CHECK(text_at(both.dead, "parentSpanId") == (is_theirs ? "b7ad6b7169203331" : ""));
        CHECK(text_at(both.alive, "parentSpanId") == text_at(both.dead, "parentSpanId"));
        CHECK(attempts::is_part_of(both.of_dead, both.dead));
        CHECK(attempts::is_part_of(both.of_alive, both.alive));
    }
    CHECK(app.program.stop().code() == 0);
}

TEST_CASE("kept: of a request that must not run twice the attempt that died is seen")
{
    traced_server app;
    client one{app.port};
    const std::string trace = "1af7651916cd43dd8448eb211c80319c";
    one.send(fmt::format("POST /seen/die_once HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n"
                         "traceparent: 00-{}-b7ad6b7169203331-00\r\n\r\n",
                         trace));
    CHECK(one.receive_until("\r\n\r\n").starts_with("HTTP/1.1 500"));
    const auto spans = app.spans(trace);
    REQUIRE(spans.size() == 1);  // it was not sampled, so that what it did is not seen
    CHECK(message_of(spans.front()) == "worker died");
    CHECK(text_at(spans.front(), "name") == "POST /seen/die_once");
    CHECK(app.program.stop().code() == 0);
}

TEST_CASE("a reload is a trace of the primary, whatever the sampler says of requests")
{
    const temporary_folder folder;
    const auto path = folder.path() / "cohort.toml";
    const auto write = [&path](std::string_view more) {
        std::ofstream{path} << "[app.traced]\nworkers = 2\nreload.soak = \"0s\"\n" << more;
    };
    write("");
    traced_server app{{"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0"},
                      {"--config", path.string()}};
    operator_of ops{app.program, "traced"};
    CHECK(ops.ask("reload").code == control::exit_code::done);
    std::vector<std::string> steps;
    const auto good = app.spans();
    REQUIRE_FALSE(good.empty());
    CHECK(good.back().at("name") == "reload");
    CHECK_FALSE(good.back().contains("parentSpanId"));
    for (const object& each : good) {
        if (text_at(each, "parentSpanId") == text_at(good.back(), "spanId"))
            steps.emplace_back(text_at(each, "name"));
    }
    std::ranges::sort(steps);
    CHECK(steps == std::vector<std::string>{"canary", "commit", "prepare", "remove canary",
                                            "replace", "replace"});

    write("nonsense = 1\n");
    CHECK(ops.ask("reload").code == control::exit_code::invalid);
    const auto all = app.spans();
    CHECK(all.back().at("name") == "reload");
    CHECK(all.back().at("status").at("code") == 2);
    CHECK_FALSE(message_of(all.back()).empty());
    CHECK(app.program.stop().code() == 0);
}
