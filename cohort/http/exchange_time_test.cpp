// What the automaton of a connection says when time has passed.
#include <cohort/http/detail/stage_play_test.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

TEST_CASE("time: an idle connection parts, a slow head and a slow body are refused with 408")
{
    stage_play idle;
    CHECK(idle.it.due(1) == 76);
    CHECK(idle.it.time(nullptr, 75) == order::wait);
    CHECK(idle.it.time(nullptr, 76) == order::linger);

    stage_play head;
    REQUIRE(head.feed("GET", 10) == order::read);
    CHECK(head.it.due(10) == 40);
    REQUIRE(head.feed(" ", 39) == order::read);
    CHECK(head.it.time(&head.r, 39) == order::wait);
    CHECK(head.it.time(&head.r, 40) == order::refuse);
    CHECK(head.r.why.status == 408);

    stage_play body;
    REQUIRE(body.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n") ==
            order::find_route);
    REQUIRE(body.plan() == order::read);
    REQUIRE(body.feed(std::string(500, 'x'), 2) == order::read);
    CHECK(body.it.time(&body.r, 6) == order::wait);  // grace
    CHECK(body.it.time(&body.r, 8) == order::wait);  // 2 s: 480 bytes wanted, 500 there
    CHECK(body.it.time(&body.r, 9) == order::refuse);
    CHECK(body.r.why.status == 408);
}

TEST_CASE("time: a client that takes nothing of its answer is cut")
{
    stage_play play;
    play.it.sent(play.r, 100, exchange::rest::blocked, 5);
    CHECK(play.it.due(5) == 10);
    CHECK(play.it.due(33) == 35);
    play.it.sent(play.r, 0, exchange::rest::blocked, 9);
    CHECK(play.it.time(&play.r, 34) == order::wait);
    CHECK(play.it.time(&play.r, 35) == order::close);
    play.it.acknowledged(play.r, 1000, 34);
    CHECK(play.it.time(&play.r, 63) == order::wait);
    CHECK(play.it.time(&play.r, 64) == order::close);
    play.it.sent(play.r, 1, exchange::rest::none, 20);
    CHECK(play.it.time(&play.r, 60) == order::wait);
}

TEST_CASE("time: an answer of which a byte is taken now and then is cut")
{
    stage_play play;
    play.it.sent(play.r, 100, exchange::rest::blocked, 1);
    std::uint32_t second = 1;
    while (play.it.time(&play.r, second) == order::wait) {
        REQUIRE(second < 200);
        second += 5;
        play.it.acknowledged(play.r, 1, second);
    }
    CHECK(second == 36);  // 30 s are for nothing

    // While its producer has nothing to say, it owes nothing.
    stage_play idle;
    idle.it.sent(idle.r, 100, exchange::rest::blocked, 1);
    idle.it.sent(idle.r, 100, exchange::rest::none, 20);
    idle.it.sent(idle.r, 100, exchange::rest::blocked, 1000);
    idle.it.acknowledged(idle.r, 1, 1010);
    CHECK(idle.it.time(&idle.r, 1010) == order::wait);
    idle.it.acknowledged(idle.r, 1, 1015);
    CHECK(idle.it.time(&idle.r, 1015) == order::close);
}

TEST_CASE("time: what a body brought early does not pay for a long stall")
{
    stage_play play;
    REQUIRE(play.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n") ==
            order::find_route);
    REQUIRE(play.plan(body_use::buffered, 2'000'000) == order::read);
    for (int i = 0; i < 30; ++i)
        REQUIRE(play.feed(std::string(20'000, 'x'), 2) == order::read);
    CHECK(play.it.time(&play.r, 3) == order::wait);
    CHECK(play.it.time(&play.r, 32) == order::wait);
    CHECK(play.it.time(&play.r, 33) == order::refuse);
    CHECK(play.r.why.rule == "http.timeout.body");
}

TEST_CASE("time: a client busy with our answer owes nothing else until it has taken it")
{
    stage_play body;
    REQUIRE(body.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n") ==
            order::find_route);
    REQUIRE(body.plan() == order::read);
    body.it.sent(body.r, 100, exchange::rest::blocked, 2);
    CHECK(body.it.due(2) == 7);
    CHECK(body.it.time(&body.r, 20) == order::wait);
    body.it.sent(body.r, 100, exchange::rest::none, 20);
    CHECK(body.it.time(&body.r, 24) == order::wait);  // one second had passed before
    CHECK(body.it.time(&body.r, 25) == order::refuse);

    stage_play idle;
    idle.it.sent(idle.r, 100, exchange::rest::blocked, 1);
    idle.it.sent(idle.r, 100, exchange::rest::blocked, 29);
    idle.it.sent(idle.r, 100, exchange::rest::none, 50);
    CHECK(idle.it.due(50) == 125);
    CHECK(idle.it.time(nullptr, 124) == order::wait);
    CHECK(idle.it.time(nullptr, 125) == order::linger);
}

TEST_CASE("a streamed body must come with the same rate, counted while its handler waits for it")
{
    using who = exchange::waiting;
    stage_play play;
    REQUIRE(play.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n") ==
            order::find_route);
    REQUIRE(play.plan(body_use::streamed) == order::run);
    std::uint32_t second = 1;
    const auto wait_for_byte = [&](std::uint32_t seconds) {
        play.it.body_wait(play.r, who::for_client, second);
        second += seconds;
        const bool late = play.it.body_is_late(play.r, second);
        REQUIRE(play.feed("x", second) == order::wait);
        REQUIRE(play.it.take_body(play.r).data == "x");
        play.it.body_wait(play.r, who::for_handler, second);
        return late;
    };
    CHECK(!wait_for_byte(3));
    second += 1000;  // the handler thinks
    CHECK(!play.it.body_is_late(play.r, second));
    CHECK(!wait_for_byte(2));
    CHECK(wait_for_byte(1));
}
