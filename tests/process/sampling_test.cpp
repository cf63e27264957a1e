// OpenTelemetry's variables in a real cohort: which spans its workers record, and what they tell
// others.

#include "operator_of.hpp"
#include "traced_server.hpp"

#include <cohort/observe/trace_context.hpp>

#include <fmt/format.h>

#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::testing;

namespace {

constexpr std::string_view theirs = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

/// What a worker would tell others.
struct answer {
    std::string slot;
    observe::trace_context told;
};

answer ask(std::uint16_t port, const std::string& traceparent = {})
{
    client over{port};
    over.send(fmt::format("GET /seen/told HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{}\r\n",
                          traceparent.empty() ? "" : "traceparent: " + traceparent + "\r\n"));
    const std::string all = over.receive_all();
    const std::string body = all.substr(all.find("\r\n\r\n") + 4);
    const std::size_t space = body.find(' ');
    const auto told = observe::parse_traceparent(std::string_view{body}.substr(space + 1));
    REQUIRE_MESSAGE(told, all);
    return {.slot = body.substr(0, space), .told = *told};
}

void fail_once(std::uint16_t port)
{
    client over{port};
    over.send("GET /seen/broken HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    CHECK(over.receive_all().starts_with("HTTP/1.1 500"));
}

std::string from_parent(std::string_view flags) { return fmt::format("00-{}-{}", theirs, flags); }

}  // namespace

TEST_CASE("sampler: what nobody has set records all, but those whose parents are not")
{
    traced_server app;
    CHECK(ask(app.port).told.sampled());
    CHECK(ask(app.port, from_parent("01")).told.sampled());
    CHECK(app.spans().size() == 2);
    const answer quiet = ask(app.port, from_parent("00"));
    CHECK_FALSE(quiet.told.sampled());
    CHECK(fmt::format("{}-{}", text(quiet.told.trace), text(quiet.told.span)) != theirs);
    CHECK(text(quiet.told.trace) == theirs.substr(0, 32));
    CHECK(app.spans().size() == 2);
    CHECK(app.program.stop().code() == 0);
}

TEST_CASE("sampler: always_off records nothing, and hands traces on all the same")
{
    traced_server app{{"OTEL_TRACES_SAMPLER=always_off"}};
    const answer said = ask(app.port, from_parent("01"));
    CHECK(text(said.told.trace) == theirs.substr(0, 32));
    CHECK_FALSE(said.told.sampled());
    CHECK_FALSE(ask(app.port).told.sampled());
    fail_once(app.port);
    CHECK(app.spans().empty());
    CHECK(app.program.stop().code() == 0);
}

TEST_CASE("sampler: a share by trace ids is the same in every worker, whatever parents say")
{
    traced_server app{{"OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.25"},
                      {"--workers", "2", "--balance", "round_robin"}};
    app.program.wait_for("listening on port");  // the other one
    std::size_t expected = 0;
    for (std::uint64_t i = 0; i < 16; ++i) {
        // The last 56 bits decide: a quarter of all have 11 in front.
        const std::string id = fmt::format("0af7651916cd43dd{:016x}", (i << 52U) | 1U);
        const bool wanted = (i & 15U) >= 12;
        for (const std::string_view flags : {"00", "01"}) {
            const std::string parent = fmt::format("00-{}-b7ad6b7169203331-{}", id, flags);
            std::set<std::string> slots;
            while (slots.size() < 2) {  // until both have judged it
                const answer said = ask(app.port, parent);
                slots.insert(said.slot);
                CHECK(said.told.sampled() == wanted);
                expected += wanted ? 1 : 0;
            }
        }
    }
    CHECK(app.spans().size() == expected);
    CHECK(app.program.stop().code() == 0);
}

TEST_CASE("sampler: parents decide where it is parent-based, also over its share; failures stay")
{
    traced_server app{
        {"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0"}};
    CHECK(ask(app.port, from_parent("01")).told.sampled());
    CHECK_FALSE(ask(app.port).told.sampled());
    CHECK(app.spans().size() == 1);
    fail_once(app.port);
    const auto both = app.spans();
    REQUIRE(both.size() == 2);
    CHECK(both.back().at("name") == "GET /seen/broken");
    CHECK(app.program.stop().code() == 0);
}

TEST_CASE("sampler: where OpenTelemetry is switched off workers are as if they were not in between")
{
    const auto variables = {
        std::vector<std::string>{"OTEL_SDK_DISABLED=true"},
        std::vector<std::string>{"OTEL_TRACES_EXPORTER=none"},
        std::vector<std::string>{"OTEL_EXPORTER_OTLP_ENDPOINT="},
    };
    for (const auto& env : variables) {
        CAPTURE(env.front());
        traced_server app{env};
        CHECK(ask(app.port, from_parent("01")).told.traceparent() == from_parent("01"));
        fail_once(app.port);
        CHECK(app.spans().empty());
        CHECK(app.program.stop().code() == 0);
    }
}

TEST_CASE("sampler: limits hold, and what makes no sense is said once")
{
    traced_server app{{"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=3", "OTEL_TRACES_SAMPLER=jaeger_remote"},
                      {"--workers", "2"}};
    app.program.wait_for("listening on port");
    ask(app.port);
    const auto spans = app.spans();
    REQUIRE(spans.size() == 1);
    CHECK(spans.front().at("attributes").as_array().size() <= 4);  // and the process's id
    CHECK(spans.front().contains("droppedAttributesCount"));
    CHECK(app.program.stop().code() == 0);
    std::size_t times = 0;
    for (const std::string& line : app.program.lines())
        times += line.contains("OTEL_TRACES_SAMPLER: expected") ? 1 : 0;
    CHECK(times == 1);
}

TEST_CASE("sampler: an app's own environment counts, and a reload brings that of its generation")
{
    const temporary_folder folder;
    const auto path = folder.path() / "cohort.toml";
    const auto write = [&path](std::string_view sampler) {
        std::ofstream{path} << "[app.traced]\nworkers = 1\nreload.soak = \"0s\"\n"
                            << "env.OTEL_TRACES_SAMPLER = \"" << sampler << "\"\n";
    };
    write("always_off");
    traced_server app{{"OTEL_TRACES_SAMPLER=always_on"}, {"--config", path.string()}};
    CHECK_FALSE(ask(app.port).told.sampled());
    write("always_on");
    operator_of ops{app.program, "traced"};
    CHECK(ops.ask("reload").code == control::exit_code::done);
    CHECK(ask(app.port).told.sampled());
    CHECK(ops.ask("rollback").code == control::exit_code::done);
    CHECK_FALSE(ask(app.port).told.sampled());
    CHECK(app.program.stop().code() == 0);
}
