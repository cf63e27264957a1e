#include <cohort/http/exchange.hpp>

#include <cohort/http/detail/stage_play_test.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

TEST_CASE("a whole request is routed, run and answered, and the connection is idle again")
{
    stage_play play;
    CHECK(play.feed(get) == order::find_route);
    CHECK(play.plan() == order::run);
    CHECK(play.it.now() == phase::running);
    CHECK(play.answer() == order::read);
    CHECK(play.last == persistence::keep);
    CHECK(play.it.now() == phase::idle);
    CHECK(play.it.state().bytes_parsed == get.size());
    CHECK(play.it.state().bytes_read == get.size());
}

TEST_CASE("a request that comes byte by byte is the same request")
{
    stage_play play;
    for (std::size_t i = 0; i + 1 < get.size(); ++i)
        REQUIRE(play.feed(get.substr(i, 1)) == order::read);
    CHECK(play.feed(get.substr(get.size() - 1)) == order::find_route);
}

TEST_CASE("pipelined requests are answered one after the other without another read")
{
    stage_play play;
    CHECK(play.feed(std::string{get} + std::string{get} + "GET /half") == order::find_route);
    CHECK(play.plan() == order::run);
    CHECK(play.answer() == order::find_route);
    CHECK(play.plan() == order::run);
    CHECK(play.answer() == order::read);
    CHECK(play.it.now() == phase::head);
    CHECK(play.it.state().requests == 2);
    CHECK(play.it.state().bytes_parsed == 2 * get.size());
}

TEST_CASE("a client that asks to close is closed without lingering, one that did not lingers")
{
    stage_play asks;
    REQUIRE(asks.feed("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") ==
            order::find_route);
    REQUIRE(asks.plan() == order::run);
    CHECK(asks.answer() == order::close);
    CHECK(asks.last == persistence::close);

    stage_play told;
    REQUIRE(told.feed(get) == order::find_route);
    REQUIRE(told.plan() == order::run);
    CHECK(told.answer(persistence::close) == order::linger);
}

TEST_CASE("a body over the route's limit is refused before it is read")
{
    stage_play play;
    REQUIRE(play.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n"
                      "Expect: 100-continue\r\n\r\n") == order::find_route);
    CHECK(play.plan() == order::refuse);
    CHECK(play.r.why.status == 413);
    CHECK(play.it.refused() == order::linger);
}

TEST_CASE("a chunked body over the limit is refused when it passes it")
{
    stage_play play;
    REQUIRE(play.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") ==
            order::find_route);
    CHECK(play.plan(body_use::buffered, 4) == order::read);
    CHECK(play.feed("3\r\nabc\r\n") == order::read);
    CHECK(play.feed("2\r\nde\r\n") == order::refuse);
    CHECK(play.r.why.status == 413);
}

TEST_CASE("pipelined chunked requests are not all moved for each of them")
{
    constexpr std::string_view one =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    stage_play play;
    std::string all;
    while (all.size() + one.size() <= play.r.capacity)
        all += one;
    order next = play.feed(all);
    std::size_t requests = 0;
    std::size_t moved = 0;
    std::size_t before = 0;
    while (next == order::find_route) {
        if (requests != 0 && play.r.begin <= before)
            moved += play.r.end - play.r.begin;
        before = play.r.begin;
        ++requests;
        REQUIRE(play.plan() == order::run);
        CHECK(play.r.whole_body == "x");
        next = play.answer();
    }
    CHECK(requests == all.size() / one.size());
    CHECK(moved <= 2 * all.size());

    // However long the head, and however much stands before it, there is room for the body.
    play.rules.limits.head_bytes_max = 16'384;
    stage_play tight{play.rules};
    std::string front;
    while (front.size() + get.size() < 16'000)
        front += get;
    std::string long_one = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX: ";
    long_one.append(8000, 'x').append("\r\nY: ").append(8000, 'y').append("\r\n\r\n");
    next = tight.feed(front + long_one);
    for (; tight.r.top.body != framing::chunked; next = tight.answer()) {
        REQUIRE(next == order::find_route);
        REQUIRE(tight.plan() == order::run);
    }
    REQUIRE(next == order::find_route);
    REQUIRE(tight.plan(body_use::buffered, 100'000) == order::read);
    CHECK(tight.it.make_room(tight.r) >= 8192);
    CHECK(tight.feed("3e8\r\n" + std::string(1000, 'b') + "\r\n0\r\n\r\n") == order::run);
    CHECK(tight.r.whole_body == std::string(1000, 'b'));
}

TEST_CASE("100 Continue is said once, and only to a client that waits for it")
{
    constexpr std::string_view head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                                      "Expect: 100-continue\r\n\r\n";
    stage_play waits;
    REQUIRE(waits.feed(head) == order::find_route);
    CHECK(waits.plan() == order::say_continue);
    CHECK(waits.feed("ab") == order::read);
    CHECK(waits.feed("cd") == order::run);
    CHECK(waits.r.whole_body == "abcd");

    stage_play hasty;
    REQUIRE(hasty.feed(std::string{head} + "a") == order::find_route);
    CHECK(hasty.plan() == order::read);
    CHECK(hasty.feed("bcd") == order::run);
}

TEST_CASE("a body longer than the buffer is collected beside it")
{
    stage_play play;
    const std::string piece(10'000, 'x');
    REQUIRE(play.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n") ==
            order::find_route);
    CHECK(play.plan(body_use::buffered, 100'000) == order::read);
    for (int i = 0; i < 4; ++i)
        REQUIRE(play.feed(piece) == order::read);
    CHECK(play.feed(piece) == order::run);
    CHECK(play.r.whole_body.size() == 50'000);
    CHECK(play.answer() == order::read);
}

TEST_CASE("a short unread body is discarded, a long one ends the connection")
{
    stage_play brief;
    REQUIRE(brief.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc") ==
            order::find_route);
    CHECK(brief.plan(body_use::unread) == order::run);
    CHECK(brief.answer() == order::read);
    CHECK(brief.last == persistence::keep);
    CHECK(brief.it.now() == phase::discarding);
    CHECK(brief.feed("def" + std::string{get}) == order::find_route);

    stage_play lengthy;
    REQUIRE(lengthy.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n") ==
            order::find_route);
    CHECK(lengthy.plan(body_use::unread) == order::run);
    CHECK(lengthy.answer() == order::linger);
    CHECK(lengthy.last == persistence::close);
}

TEST_CASE("an endless unread chunked body is not followed to its end")
{
    stage_play play;
    REQUIRE(play.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") ==
            order::find_route);
    REQUIRE(play.plan(body_use::unread) == order::run);
    REQUIRE(play.answer() == order::read);
    const std::string chunk = "2000\r\n" + std::string(0x2000, 'x') + "\r\n";
    order next = order::read;
    int chunks = 0;
    while (next == order::read && chunks < 100) {
        next = play.feed(chunk);
        ++chunks;
    }
    CHECK(next == order::linger);
    CHECK(chunks == 9);  // 64 KiB, and the one that passes it
}

TEST_CASE("an unanswered Expect closes the connection, since nobody can tell what comes next")
{
    stage_play play;
    REQUIRE(play.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                      "Expect: 100-continue\r\n\r\n") == order::find_route);
    REQUIRE(play.plan(body_use::unread) == order::run);
    CHECK(play.answer() == order::linger);
    CHECK(play.last == persistence::close);
}

TEST_CASE("the last request of a connection's allowance says so")
{
    stage_play play{exchange_rules{.requests_max = 2}};
    REQUIRE(play.feed(get) == order::find_route);
    REQUIRE(play.plan() == order::run);
    CHECK(play.answer() == order::read);
    CHECK(play.last == persistence::keep);
    REQUIRE(play.feed(get) == order::find_route);
    REQUIRE(play.plan() == order::run);
    CHECK(play.answer() == order::linger);
    CHECK(play.last == persistence::close);
}

TEST_CASE("a streamed body is handed over piece by piece, then its end")
{
    using kind = body_piece::kind;
    stage_play play;
    REQUIRE(play.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab") ==
            order::find_route);
    REQUIRE(play.plan(body_use::streamed) == order::run);
    CHECK(play.it.take_body(play.r).data == "ab");
    CHECK(play.it.take_body(play.r).what == kind::more);
    CHECK(play.feed("c\r\n0\r\n\r\n" + std::string{get}) == order::wait);
    CHECK(play.it.take_body(play.r).data == "c");
    CHECK(play.it.take_body(play.r).what == kind::end);
    CHECK(play.it.take_body(play.r).what == kind::end);
    CHECK(play.answer() == order::find_route);
}

TEST_CASE("a refused client may go on sending for two seconds, but not for ever")
{
    stage_play play;
    play.it.linger(5);
    std::uint64_t bytes = 0;
    while (play.it.lingering(65'536) == order::read)
        bytes += 65'536;
    CHECK(bytes == 64U << 20);
    CHECK(play.it.time(nullptr, 6) == order::wait);
    CHECK(play.it.time(nullptr, 7) == order::close);
}
