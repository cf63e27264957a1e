// The witness against a server that misbehaves in each way: every misdeed is seen, once, under its
// name, and nothing else is.

#include <cohort/testing/witness.hpp>

#include <cohort/testing/misbehaving_server_test.hpp>

#include <doctest/doctest.h>

#include <optional>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

witness_plan plan_for(const net::endpoint& server)
{
    witness_plan plan;
    plan.server = server;
    plan.connections = 4;
    plan.duration = 60ms;
    plan.timeout = 5s;
    plan.asks.pauses = 0;
    return plan;
}

witness_report run(const witness_plan& plan)
{
    auto made = witness::make(plan);
    REQUIRE(made);
    return made->run();
}

struct charge {
    misdeed how;
    std::optional<witness_outcome> what;  // nothing: no misdeed, after all
    witness_kind kind = witness_kind::get;
};

using enum witness_outcome;

constexpr auto charges = std::to_array<charge>({
    {misdeed::none, std::nullopt},
    {misdeed::wrong_byte, wrong_body},
    {misdeed::wrong_number, wrong_body},
    {misdeed::no_number, wrong_body},
    {misdeed::short_body, wrong_body},
    {misdeed::long_body, wrong_body},
    {misdeed::missing_byte_closed, truncated},
    {misdeed::answer_of_another, wrong_body},
    {misdeed::reset_at_once, reset_before_complete, witness_kind::slow_writer},
    {misdeed::reset_unanswered, reset_after},
    {misdeed::reset_unanswered, reset_after, witness_kind::post},
    {misdeed::reset_in_head, truncated},
    {misdeed::reset_in_body, truncated},
    {misdeed::reset_in_body, truncated, witness_kind::large},
    {misdeed::end_unanswered, eof},
    {misdeed::end_unanswered, eof, witness_kind::put},
    {misdeed::end_in_head, truncated},
    {misdeed::end_in_body, truncated},
    {misdeed::end_in_body, truncated, witness_kind::slow_reader},
    {misdeed::end_in_chunk, truncated},
    {misdeed::end_between_chunks, truncated},
    {misdeed::bad_chunk_size, wrong_body},
    {misdeed::no_http, wrong_body},
    {misdeed::bare_line_feeds, wrong_body},
    {misdeed::two_lengths, wrong_body},
    {misdeed::status_500, status},
    {misdeed::status_500, status, witness_kind::put},
    {misdeed::status_500, answered_500, witness_kind::post},
    {misdeed::status_503, status},
    {misdeed::status_503, status, witness_kind::post},
    {misdeed::say_close, std::nullopt},
    {misdeed::continue_first, std::nullopt},
    {misdeed::by_the_end, std::nullopt},
});

}  // namespace

TEST_CASE("every misdeed is seen once, under its name, and nothing else is")
{
    for (const charge& one : charges) {
        const std::uint64_t every = one.kind == witness_kind::get ? 10 : 3;
        misbehaving_server server{one.how, every};
        witness_plan plan = plan_for(server.where());
        plan.asks.mix = {};
        plan.asks.mix[one.kind] = 1;
        const witness_report report = run(plan);
        CAPTURE(static_cast<int>(one.how));
        CAPTURE(report.text());

        REQUIRE(report.adds_up());
        const bool innocent = one.how == misdeed::none || !one.what;
        if (one.how != misdeed::none)
            CHECK(server.misdeeds() > 0);
        if (innocent) {
            CHECK(report.good());
            CHECK(report.count(ok) == server.good_deeds() + server.misdeeds());
            continue;
        }
        CHECK(report.count(one.kind, *one.what) == server.misdeeds());
        CHECK(report.count(ok) == server.good_deeds());
        CHECK(report.failed() == (is_failure(*one.what) ? server.misdeeds() : 0));
        CHECK(report.good() == !is_failure(*one.what));
        CHECK(report.sent == report.planned);
        CHECK(report.stray_bytes == 0);
    }
}

TEST_CASE("a request that is never answered, or never to the end, is timed out")
{
    for (const misdeed how : {misdeed::hang, misdeed::hang_in_body, misdeed::missing_byte}) {
        misbehaving_server server{how, 50};
        witness_plan plan = plan_for(server.where());
        plan.timeout = 100ms;
        const witness_report report = run(plan);
        CAPTURE(report.text());
        CHECK(report.adds_up());
        CHECK(server.misdeeds() > 0);
        CHECK(report.count(timed_out) == server.misdeeds());
        CHECK(report.failed() == server.misdeeds());
    }
}

TEST_CASE("bytes that nobody asked for are counted, though every answer was right")
{
    misbehaving_server one_more{misdeed::extra_byte};
    const witness_report first = run(plan_for(one_more.where()));
    CHECK(first.failed() == 0);
    CHECK(first.stray_bytes == one_more.misdeeds());
    CHECK_FALSE(first.good());

    misbehaving_server twice{misdeed::answer_twice};
    const witness_report second = run(plan_for(twice.where()));
    CHECK(second.failed() == 0);
    CHECK(second.stray_bytes > 60 * twice.misdeeds());
    CHECK_FALSE(second.good());
}

TEST_CASE("a connection that ends between requests is no failure, and within one it is")
{
    misbehaving_server server{misdeed::end_while_idle};
    witness_plan plan = plan_for(server.where());
    plan.asks.pauses = 1;
    const witness_report report = run(plan);
    CAPTURE(report.text());
    CHECK(report.adds_up());
    CHECK(report.idle_closes > 0);
    CHECK(report.idle_closes + report.failed() == server.misdeeds());
    CHECK(report.connects <= 4 + server.misdeeds());
}

TEST_CASE("nobody at home: every request is refused, and the schedule goes on")
{
    net::endpoint where;
    {
        const misbehaving_server gone{misdeed::none};
        where = gone.where();
    }
    witness_plan plan = plan_for(where);
    plan.rate = 1000;
    const witness_report report = run(plan);
    CAPTURE(report.text());
    CHECK(report.planned == 60);
    CHECK(report.count(refused) == 60);
    CHECK(report.sent == 0);
    CHECK(report.connects == 0);
}

TEST_CASE("a burst behind a wrong answer is lost with it, each request of it counted")
{
    for (const misdeed how : {misdeed::end_unanswered, misdeed::reset_unanswered, misdeed::no_http,
                              misdeed::say_close, misdeed::wrong_byte})
    {
        misbehaving_server server{how, 7};
        witness_plan plan = plan_for(server.where());
        plan.asks.mix = {};
        plan.asks.mix[witness_kind::pipeline] = 1;
        const witness_report report = run(plan);
        CAPTURE(report.text());
        CHECK(report.adds_up());
        CHECK(server.misdeeds() > 0);
        CHECK(report.failed() >= (how == misdeed::say_close ? 0 : server.misdeeds()));
        CHECK_FALSE(report.good());
        const std::uint64_t good =
            server.good_deeds() + (how == misdeed::say_close ? server.misdeeds() : 0);
        // The server may have answered what nobody wanted to read any more.
        CHECK(report.count(ok) <= good);
        if (how == misdeed::wrong_byte)
            CHECK(report.count(wrong_body) == server.misdeeds());
    }
}

TEST_CASE("what an overloaded server does not get to is unsent, and all of it adds up")
{
    misbehaving_server server{misdeed::hang, 1};
    witness_plan plan = plan_for(server.where());
    plan.rate = 2000;
    plan.duration = 100ms;
    plan.timeout = 150ms;
    const witness_report report = run(plan);
    CAPTURE(report.text());
    CHECK(report.planned == 200);
    CHECK(report.adds_up());
    CHECK(report.count(timed_out) == report.sent);
    CHECK(report.count(timed_out) >= 4);
    CHECK(report.count(unsent) == 200 - report.count(timed_out));
}

TEST_CASE("a mixed load on an honest server is all good, in both loops")
{
    for (const double rate : {0.0, 800.0}) {
        misbehaving_server server{misdeed::none};
        witness_plan plan = plan_for(server.where());
        plan.connections = 16;
        plan.duration = 300ms;
        plan.rate = rate;
        plan.asks.mix = witness_mix::everything();
        plan.asks.pauses = 0.5;
        const witness_report report = run(plan);
        CAPTURE(report.text());
        CHECK(report.good());
        CHECK(report.planned == server.good_deeds());
        CHECK(report.latency().count() == report.planned);
        CHECK(report.connects <= 16);
    }
}

TEST_CASE("an open loop counts from the planned moment, also what waits for a free connection")
{
    // Each connection is lost to a hang for the whole timeout; what is due meanwhile comes late.
    misbehaving_server server{misdeed::hang, 20};
    witness_plan plan = plan_for(server.where());
    plan.connections = 1;
    plan.rate = 400;
    plan.duration = 250ms;
    plan.timeout = 100ms;
    const witness_report report = run(plan);
    CAPTURE(report.text());
    CHECK(report.count(timed_out) == server.misdeeds());
    CHECK(report.latency().max() > 80ms);
}

TEST_CASE("a plain witness compares every answer with the first")
{
    for (const misdeed how : {misdeed::none, misdeed::status_503}) {
        misbehaving_server server{how, 5};
        witness_plan plan = plan_for(server.where());
        plan.plain_target = "/witness/7?bytes=300";
        plan.asks.mix[witness_kind::post] = 1;
        const witness_report report = run(plan);
        CAPTURE(report.text());
        CHECK(report.good());
        CHECK(report.count(witness_kind::post, ok) > 0);
    }
}

TEST_CASE("an item that is to be fresh comes on a new connection, and the old one ends in peace")
{
    misbehaving_server server{misdeed::none};
    witness_plan plan = plan_for(server.where());
    plan.asks.fresh = 0.5;
    const witness_report report = run(plan);
    CAPTURE(report.text());
    CHECK(report.good());
    CHECK(report.connects > report.planned / 4);
    CHECK(report.connects < report.planned);
    CHECK(report.idle_closes == 0);
}

TEST_CASE("a death is answered by the next answer to a request sent after it")
{
    misbehaving_server server{misdeed::none};
    witness_plan plan = plan_for(server.where());
    plan.duration = 200ms;
    auto made = witness::make(plan);
    REQUIRE(made);
    while (made->run_for(30ms))
        made->mark(now());
    made->mark(now() + 1h);
    const auto& marks = made->report().marks;
    REQUIRE(marks.size() >= 3);
    CHECK(marks.front().next_answer.has_value());
    CHECK(*marks.front().next_answer < 100ms);
    CHECK_FALSE(marks.back().next_answer.has_value());
}

TEST_CASE("a run that is stopped early still adds up")
{
    for (const double rate : {0.0, 500.0}) {
        misbehaving_server server{misdeed::none};
        witness_plan plan = plan_for(server.where());
        plan.duration = 1h;
        plan.rate = rate;
        auto made = witness::make(plan);
        REQUIRE(made);
        CHECK(made->run_for(50ms));
        made->stop();
        CHECK_FALSE(made->run_for(10s));
        CHECK(made->report().good());
        CHECK(made->report().planned == server.good_deeds());
    }
}
