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
    tracer::configure_unless_done(off);
    CHECK(tracer::here().options().recorded);
}

TEST_CASE("who is forked counts its own spans, not those that its parent has counted")
{
    tracer::configure({});
    tracer& ours = tracer::here();
    ours.begin({.name = "of the parent"}).end();
    ours.begin({.name = "of the parent"}).fail("x").end();
    REQUIRE(ours.total().sampled == 2);
    tracer::born();
    CHECK(ours.total().sampled == 0);
    ours.begin({.name = "its own"}).end();
    CHECK(ours.total().sampled == 1);
}

TEST_CASE("who does not record hands on what came, and says nothing of what begins there")
{
    trace_options how = by_test_clock();
    how.recorded = false;
    recorded r{how};
    const auto theirs =
        parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    REQUIRE(theirs);
    const span between = r.by.begin({.name = "x", .parent = &*theirs});
    CHECK(between.context() == *theirs);
    CHECK(between.child("y").context() == *theirs);
    CHECK_FALSE(between.may_be_kept());
    const span own = r.by.begin({.name = "x"});
    CHECK(own.context().untold);
    CHECK(own.child("y").context().untold);
    CHECK(r.spans().empty());
    recorded open;
    CHECK_FALSE(open.by.begin({.name = "x"}).context().untold);
}

TEST_CASE("however many ordinary spans there are, failed and slow ones are not lost")
{
    recorded r;
    r.by.begin({.name = "bad"}).fail("x").end();
    span slow = r.by.begin({.name = "slow"});
    trace_clock_now += 2s;
    slow.end();
    for (std::uint32_t i = 0; i < 2 * export_ring::usual_blocks; ++i)
        r.by.begin({.name = "ordinary"}).end();
    const auto all = r.spans();
    REQUIRE(all.size() > 2);
    CHECK(all[0].at("name") == "bad");
    CHECK(all[1].at("name") == "slow");
}

TEST_CASE("what is rare is recorded wherever failures are")
{
    recorded r{by_test_clock(nothing())};
    span rare = r.by.begin({.name = "rare", .is_rare = true});
    rare.child("part").end();
    rare.end();
    CHECK(r.spans().size() == 2);
    trace_options off = by_test_clock(nothing());
    off.errors = false;
    off.slow = 0ns;
    recorded none{off};
    none.by.begin({.name = "rare", .is_rare = true}).end();
    CHECK(none.spans().empty());
}
