#include <cohort/observe/tracer.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/observe/recorded_test.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::observe;
using namespace std::chrono_literals;

TEST_CASE("ids and the beginning of a span can be given, else they are drawn")
{
    recorded r;
    const steady_time before = trace_clock_now - 5ms;
    const trace_id trace{7, 8};
    r.by.begin({.name = "x", .since = before, .trace = trace, .id = {9}}).end();
    const auto found = r.span();
    CHECK(found.at("traceId") == "00000000000000070000000000000008");
    CHECK(found.at("spanId") == "0000000000000009");
    const auto number = [&](std::string_view key) {
        return *parse_integer<std::uint64_t>(found.at(key).as_string());
    };
    CHECK(number("endTimeUnixNano") - number("startTimeUnixNano") == 5'000'000);

    const trace_context nobody;
    const span drawn = r.by.begin({.parent = &nobody});
    CHECK(drawn.context().valid());
    CHECK_FALSE(drawn.data().parent.valid());
}

TEST_CASE("the tracer of the process is the one that was configured last")
{
    tracer& usual = tracer::here();
    CHECK(&usual == &tracer::here());
    CHECK(usual.options().recorded);
    trace_options off;
    off.recorded = false;
    tracer::configure(off);
    CHECK(&usual != &tracer::here());
    CHECK_FALSE(tracer::here().options().recorded);
    tracer::configure({});
}
