#include <cohort/observe/letter_span.hpp>

#include <cohort/observe/recorded_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::observe;

TEST_CASE("a context goes along in words, with its state")
{
    trace_context what{.trace = {1, 2}, .span = {3}, .flags = trace_context::flag_sampled};
    CHECK(parse_carried(carried(what)) == what);
    what.state = "a=1,b=2";
    CHECK(parse_carried(carried(what)) == what);
    CHECK_FALSE(parse_carried("nonsense"));
    CHECK_FALSE(parse_carried(""));
}

TEST_CASE("a message is part of what it was sent by, and its receiver of it")
{
    tracer::configure(by_test_clock());
    recorded r;
    span whole = r.by.begin({.name = "whole"});
    std::string origin = whole.carried();
    span sent = begin_sending(origin, span_kind::producer, "send");
    CHECK(origin == sent.carried());
    CHECK(sent.data().parent == whole.context().span);
    CHECK_FALSE(sent.data().parent_is_remote);
    span taken = begin_receiving(origin, span_kind::consumer, "receive");
    CHECK(taken.data().parent == sent.context().span);
    CHECK(taken.data().parent_is_remote);
    CHECK(taken.context().trace == whole.context().trace);
    CHECK(taken.context().sampled());
    span part = child_of(origin, "part");
    CHECK(part.data().parent == taken.context().span);
    for (span* const each : {&whole, &sent, &taken, &part})
        each->forget();
    tracer::configure({});
}

TEST_CASE("of a message that is part of nothing there are no spans")
{
    std::string nothing_said;
    CHECK_FALSE(begin_sending(nothing_said, span_kind::producer, "send").runs());
    CHECK_FALSE(begin_receiving(nothing_said, span_kind::consumer, "receive").runs());
    CHECK_FALSE(child_of(nothing_said, "part").runs());
    CHECK(nothing_said.empty());
    std::string wrong = "nonsense";
    CHECK_FALSE(begin_receiving(wrong, span_kind::consumer, "receive").runs());
    CHECK(wrong.empty());

    trace_options off;
    off.recorded = false;
    recorded r{off};
    CHECK(r.by.begin({.name = "x"}).carried().empty());
}

TEST_CASE("whoever decided in the cohort has decided for all of it")
{
    tracer::configure(by_test_clock({sampler::by::trace, sampler::roots::all}));
    const trace_context quiet{.trace = {1, 2}, .span = {3}};
    std::string origin = carried(quiet);
    span taken = begin_receiving(origin, span_kind::server, "answer");
    CHECK_FALSE(taken.context().sampled());
    taken.forget();
    tracer::configure({});
}
