#include <cohort/observe/span.hpp>

#include <cohort/observe/recorded_test.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace cohort;
using namespace cohort::observe;
using namespace std::chrono_literals;

TEST_CASE("a span is recorded when it ends, once, with what was said of it")
{
    recorded r;
    {
        span one = r.by.begin({.kind = span_kind::server, .name = "work"});
        CHECK(one.runs());
        CHECK(one.context().sampled());
        one.set("text", "words").set("yes", true).set("count", 7U).set("share", 0.5);
        one.set("text", std::string{"others"});
        trace_clock_now += 3ms;
        one.event("half of it is done");
        span moved = std::move(one);
        CHECK_FALSE(one.runs());
        CHECK(r.spans().empty());
    }
    const auto found = r.span();
    CHECK(found.at("name") == "work");
    CHECK(found.at("kind") == 2);
    CHECK(attribute_of(found, "text") == "others");
    CHECK(attribute_of(found, "yes") == true);
    CHECK(attribute_of(found, "count") == "7");
    CHECK(attribute_of(found, "share") == 0.5);
    CHECK(attribute_of(found, "process.pid").is_string());
    CHECK(found.at("events").at(0).at("name") == "half of it is done");
    CHECK_FALSE(found.contains("status"));
    CHECK(r.by.total().sampled == 1);
    CHECK(r.spans().empty());
}

TEST_CASE("a child is of its parent's trace and knows its parent")
{
    recorded r;
    span outer = r.by.begin({.name = "outer"});
    span inner = outer.child("inner", span_kind::client);
    CHECK(inner.context().trace == outer.context().trace);
    CHECK_FALSE(inner.context().span == outer.context().span);
    inner.end();
    inner.end();
    const auto found = r.span();
    CHECK(std::string_view{found.at("parentSpanId").as_string()} == text(outer.context().span));
    CHECK(found.at("flags") == 0x103);
    CHECK(inner.context().valid());
    CHECK_FALSE(inner.child("of what has ended").runs());
    outer.forget();
    outer.end();
    CHECK(r.spans().empty());
}

TEST_CASE("a span goes on from somebody else's, whose sampling holds")
{
    recorded r{by_test_clock()};
    auto theirs = parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    REQUIRE(theirs);
    theirs->state = "a=1";
    r.by.begin({.name = "one", .parent = &*theirs}).end();
    const auto found = r.span();
    CHECK(found.at("traceId") == "0af7651916cd43dd8448eb211c80319c");
    CHECK(found.at("parentSpanId") == "b7ad6b7169203331");
    CHECK(found.at("traceState") == "a=1");
    CHECK(found.at("flags") == 0x301);  // whose ids they are we do not know: not said to be random

    theirs->flags = 0;
    span unsampled = r.by.begin({.parent = &*theirs});
    CHECK_FALSE(unsampled.context().sampled());
    CHECK(unsampled.context().trace == theirs->trace);
    CHECK_FALSE(unsampled.child("c").context().sampled());
    unsampled.end();
    CHECK(r.spans().empty());

    trace_options alone = by_test_clock();
    alone.contexts_exchanged = false;
    recorded deaf{alone};
    const span own = deaf.by.begin({.parent = &*theirs});
    CHECK_FALSE(own.context().trace == theirs->trace);
    CHECK_FALSE(own.data().parent.valid());
    CHECK(own.child("c").context().trace == own.context().trace);
}

TEST_CASE("what fails or takes long is recorded though its trace is not sampled, and says so")
{
    recorded r{by_test_clock(nothing())};
    span bad = r.by.begin({.name = "bad"});
    CHECK(bad.may_be_kept());
    CHECK_FALSE(bad.would_be_kept());
    bad.set("a", 1).fail("it broke");
    CHECK(bad.would_be_kept());
    bad.end();
    const auto failed = r.span();
    CHECK(attribute_of(failed, "cohort.kept") == "error");
    CHECK(attribute_of(failed, "a") == "1");
    CHECK(failed.at("status").at("code") == 2);
    CHECK(failed.at("status").at("message") == "it broke");
    CHECK(failed.at("flags") == 0x102);

    span slow = r.by.begin({.name = "slow"});
    trace_clock_now += 1s;
    slow.end();
    CHECK(attribute_of(r.span(), "cohort.kept") == "slow");

    span quick = r.by.begin({.name = "quick"});
    trace_clock_now += 999ms;
    quick.end();
    CHECK(r.spans().empty());
    CHECK(r.by.total().failed == 1);
    CHECK(r.by.total().slow == 1);
    CHECK(r.by.total().sampled == 0);
}

TEST_CASE(
    "nothing is recorded, and nothing kept, when recording is off; ids are there all the same")
{
    trace_options how = by_test_clock();
    how.recorded = false;
    recorded r{how};
    span one = r.by.begin({.name = "one"});
    CHECK(one.context().valid());
    CHECK_FALSE(one.may_be_kept());
    one.set("a", 1).event("e").fail("x");
    CHECK(one.data().attributes.empty());
    trace_clock_now += 1h;
    one.end();
    CHECK(r.spans().empty());

    trace_options only_sampled = by_test_clock(nothing());
    only_sampled.errors = false;
    only_sampled.slow = 0ns;
    recorded none{only_sampled};
    span other = none.by.begin({});
    CHECK_FALSE(other.may_be_kept());
    other.fail("x");
    trace_clock_now += 1h;
    other.end();
    CHECK(none.spans().empty());
}

TEST_CASE("a span is bounded: what is too much is counted, what is too long is cut")
{
    trace_options how = by_test_clock();
    how.attributes_max = 2;
    how.value_bytes_max = 5;
    how.events_max = 1;
    recorded r{how};
    span one = r.by.begin({.name = "one"});
    one.set("a", "123456").set("b", 2).set("c", 3).set("a", "abcdefg");
    one.event("first").event("second");
    one.fail("a long story");
    one.end();
    const auto found = r.span();
    CHECK(attribute_of(found, "a") == "abcde");
    CHECK(attribute_of(found, "c").is_null());
    CHECK(found.at("droppedAttributesCount") == 1);
    CHECK(found.at("droppedEventsCount") == 1);
    CHECK(found.at("status").at("message") == "a lon");

    trace_options wide = by_test_clock();
    wide.value_bytes_max = 100'000;
    recorded big{wide};
    big.by.begin({.name = "big"}).set("a", std::string(100'000, 'x')).end();
    CHECK(big.spans().empty());
    CHECK(big.by.total().too_large == 1);
}

TEST_CASE("none takes everything and does nothing")
{
    span none;
    none.set("a", 1).event("b").fail("c");
    none.child("d").end();
    none.end();
    CHECK_FALSE(none.context().valid());
    CHECK_FALSE(none.would_be_kept());
}
