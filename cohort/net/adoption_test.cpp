// A connection at a time; adoption_table_test.cpp has every combination.

#include <cohort/net/adoption.hpp>

#include <doctest/doctest.h>

#include <cstdint>

using namespace cohort::net;
using cohort::board::mark;
using cohort::board::standing;

namespace {

constexpr adoption_limits limits;

/// A request that runs, with the rest of an answer before it. The extents hold [1000, 1500) and
/// [5000, 5400).
adoption_input running_request()
{
    adoption_input in;
    in.state.now = standing::running;
    in.state.set(mark::replayable);
    in.state.base = 1000;
    in.state.parsed = 1100;
    in.state.out_base = 5000;
    in.state.composed = 5300;
    in.taken = 1200;
    in.given = 5250;
    in.input_bytes = 500;
    in.output_bytes = 400;
    in.kernel = {.exact = true, .taken = in.taken + 30, .given = in.given + 20};
    in.fault = blame::killed;
    return in;
}

}  // namespace

TEST_CASE("a request that was running runs again, behind the rest of the answers before it")
{
    adoption_input in = running_request();
    const auto v = adopt(in, limits);
    CHECK(v.why == "adopt.replay");
    CHECK(v.run_again);
    CHECK(v.corrected);
    CHECK(v.taken == 1230);
    CHECK(v.given == 5270);
    CHECK(v.composed == 5300);
    CHECK(v.kills == 1);
    CHECK(v.crashes == 0);
    CHECK_FALSE(v.last);
    CHECK_FALSE(v.strike);
}

TEST_CASE("a streamed answer of which the client has no byte is taken back")
{
    adoption_input in = running_request();
    in.state.now = standing::streaming;
    in.state.set(mark::private_answer);
    in.state.answer = 5270;
    const auto v = adopt(in, limits);
    CHECK(v.why == "adopt.replay");
    CHECK(v.composed == 5270);
}

TEST_CASE("one of which it has a byte gets what is composed, and an end")
{
    adoption_input in = running_request();
    in.state.now = standing::streaming;
    in.state.set(mark::private_answer);
    in.state.answer = 5269;
    const auto v = adopt(in, limits);
    CHECK(v.what == then::close);
    CHECK(v.given == 5270);
    CHECK(v.composed == 5300);
}

TEST_CASE("one that went past the output gets an end")
{
    adoption_input in = running_request();
    in.state.now = standing::streaming;
    in.state.set(mark::private_answer);
    in.state.answer = 5269;
    in.kernel.given = 9999;
    const auto v = adopt(in, limits);
    CHECK(v.what == then::close);
    CHECK(v.composed == 9999);
}

TEST_CASE("one that only the connection's end would have ended gets a reset")
{
    adoption_input in = running_request();
    in.state.now = standing::streaming;
    in.state.set(mark::until_close);
    in.state.answer = 5269;
    CHECK(adopt(in, limits).what == then::drop);
}

TEST_CASE("a streamed answer that is written down goes on behind its last byte, in every framing")
{
    using cohort::board::stream_framing;
    adoption_input in = running_request();
    in.state.now = standing::streaming;
    in.state.answer = 5100;
    in.state.body = 180;
    in.state.head = {206, stream_framing::chunked};
    auto v = adopt(in, limits);
    CHECK(v.what == then::resume);
    CHECK(v.why == "adopt.resume");
    CHECK(v.given == 5270);
    CHECK(v.composed == 5300);
    CHECK(v.body == 180);
    CHECK_FALSE(v.last);
    CHECK_FALSE(v.run_again);

    in.state.body = 1000;  // in all
    in.state.head = {200, stream_framing::length};
    CHECK(adopt(in, limits).body == 200);
    in.state.head = {200, stream_framing::until_close};
    in.state.set(mark::until_close);
    in.state.set(mark::last);
    v = adopt(in, limits);
    CHECK(v.body == 200);
    CHECK(v.last);
}

TEST_CASE("one that has no byte out yet goes on as well, also if its request must not run again")
{
    adoption_input in = running_request();
    in.state.now = standing::streaming;
    in.state.answer = 5290;
    in.state.body = 5;
    in.state.head = {200, cohort::board::stream_framing::chunked};
    in.state.unset(mark::replayable);
    CHECK(adopt(in, limits).what == then::resume);
}

TEST_CASE("one whose record contradicts itself, whose request is lost, or that died often is not")
{
    using cohort::board::stream_framing;
    adoption_input good = running_request();
    good.state.now = standing::streaming;
    good.state.answer = 5100;
    good.state.body = 180;
    good.state.head = {200, stream_framing::chunked};
    adoption_input in = good;
    in.state.body = 201;
    CHECK(adopt(in, limits).why == "adopt.body");
    in = good;
    in.state.head = {200, stream_framing::length};
    CHECK(adopt(in, limits).why == "adopt.body");
    in = good;
    in.state.head = {600, stream_framing::chunked};
    CHECK(adopt(in, limits).why == "adopt.body");
    in = good;
    in.kernel.given = 5301;
    CHECK(adopt(in, limits).why == "adopt.ahead");
    in = good;
    in.state.set(mark::incomplete);
    CHECK(adopt(in, limits).why == "adopt.cut");
    in = good;
    in.fault = blame::killed;
    in.state.kills = 3;
    CHECK(adopt(in, limits).what == then::close);
    in.state.set(mark::until_close);
    CHECK(adopt(in, limits).what == then::drop);
    in = good;
    in.fault = blame::crashed;
    in.state.crashes = 1;
    CHECK(adopt(in, limits).poison);
    CHECK(adopt(in, limits).what == then::resume);
    in = good;
    in.state.set(mark::private_answer);
    CHECK(adopt(in, limits).what == then::close);
}

TEST_CASE("a private answer whose last byte was given is no loss")
{
    adoption_input in = running_request();
    in.state.now = standing::idle;
    in.state.set(mark::private_answer);
    in.state.composed = 70'000;
    in.kernel.given = 70'000;
    in.output_bytes = 0;
    CHECK(adopt(in, limits).why == "adopt.pending");
    in.kernel.given = 69'999;
    CHECK(adopt(in, limits).why == "adopt.cut");
    CHECK(adopt(in, limits).composed == 69'999);
}

TEST_CASE("the second crash is the last, the fourth kill too, and a bystander is not blamed")
{
    adoption_input in = running_request();
    in.fault = blame::crashed;
    CHECK(adopt(in, limits).run_again);
    CHECK(adopt(in, limits).strike);
    in.state.crashes = 1;
    CHECK(adopt(in, limits).poison);
    in.fault = blame::killed;
    CHECK(adopt(in, limits).run_again);
    in.state.kills = 3;
    CHECK(adopt(in, limits).why == "adopt.killed_often");
    in.fault = blame::none;
    CHECK(adopt(in, limits).run_again);
}

TEST_CASE("deaths from outside count apart, and are forgiven more often")
{
    adoption_input in = running_request();
    in.fault = blame::outside;
    in.state.kills = 3;
    in.state.outside = 10;
    const auto v = adopt(in, limits);
    CHECK(v.run_again);
    CHECK(v.kills == 3);
    CHECK(v.outside == 11);
    in.state.outside = 11;
    CHECK(adopt(in, limits).why == "adopt.killed_often");
    in.state.now = standing::idle;
    CHECK(adopt(in, limits).why == "adopt.killed_often");
    CHECK(adopt(in, limits).last);
}

TEST_CASE("a client that has ended still gets the answers to its complete requests")
{
    adoption_input in = running_request();
    in.kernel.client_ended = true;
    in.state.set(mark::client_ended);
    CHECK(adopt(in, limits).run_again);
    in.state.now = standing::idle;
    CHECK(adopt(in, limits).why == "adopt.pending");
}

TEST_CASE("a body that is partly gone: an apology, and the end")
{
    adoption_input in = running_request();
    in.state.set(mark::incomplete);
    in.kernel.taken = 90'000;
    const auto v = adopt(in, limits);
    CHECK(v.what == then::apologise);
    CHECK(v.last);
}

TEST_CASE("on a Unix stream a request whose answer is not composed runs again, as the last one")
{
    adoption_input in = running_request();
    in.kernel = {};
    in.given = in.state.composed;
    const auto v = adopt(in, limits);
    CHECK(v.run_again);
    CHECK(v.last);
    CHECK_FALSE(v.corrected);
}

TEST_CASE("on a Unix stream an idle connection stays if it has no buffers")
{
    adoption_input in = running_request();
    in.kernel = {};
    in.given = in.state.composed;
    in.state.now = standing::idle;
    CHECK(adopt(in, limits).why == "adopt.unknown");
    in.input_bytes = 0;
    in.taken = in.state.base = in.state.parsed;
    CHECK(adopt(in, limits).why == "adopt.idle");
    in.state.input.blocks = 1;  // one that take_stock() refused
    CHECK(adopt(in, limits).why == "adopt.unknown");
}

TEST_CASE("a connection that nobody recorded is new if nothing was taken or given")
{
    adoption_input in = running_request();
    in.state.now = standing::free;
    CHECK(adopt(in, limits).why == "adopt.forgotten");
    CHECK(adopt(in, limits).composed == adopt(in, limits).given);
    in.kernel.taken = in.kernel.given = 0;
    const auto v = adopt(in, limits);
    CHECK(v.why == "adopt.new");
    CHECK(v.what == then::serve);
    CHECK(v.taken + v.given + v.composed == 0);
    in.kernel.exact = false;
    CHECK(adopt(in, limits).what == then::close);
}

TEST_CASE("an idle connection forgets what was counted against its last request")
{
    adoption_input in = running_request();
    in.state.now = standing::idle;
    in.state.crashes = in.state.kills = in.state.outside = 9;
    in.taken = in.kernel.taken = 1100;
    const auto v = adopt(in, limits);
    CHECK(v.why == "adopt.idle");
    CHECK(v.crashes + v.kills + v.outside == 0);
}

TEST_CASE("positions in the wrong order are no record")
{
    adoption_input in = running_request();
    in.state.parsed = 999;
    CHECK(adopt(in, limits).why == "adopt.order");
    in.state.parsed = in.kernel.taken + 1;
    CHECK(adopt(in, limits).why == "adopt.order");
    in.state.parsed = 1100;
    in.state.out_base = in.kernel.given + 1;
    CHECK(adopt(in, limits).why == "adopt.output");
}

TEST_CASE("a connection of a server that records nothing is closed, whatever else is said of it")
{
    adoption_input in;
    in.state.now = standing::foreign;
    in.state.crashes = 1;
    in.fault = blame::crashed;
    for (const std::uint64_t taken : {0U, 10U}) {
        in.kernel = {.exact = true, .taken = taken};
        const adoption_verdict v = adopt(in, limits);
        CHECK(v.what == then::close);
        CHECK(v.why == "adopt.foreign");
        CHECK(v.given == v.composed);
        CHECK_FALSE(v.strike);
        CHECK(v.crashes == 0);
    }
}
