// Streams of 10 MiB whose servers die under them, many times, and whose clients check every byte.
#include "dynasty.hpp"

#include <cohort/base/random.hpp>

#include <doctest/doctest.h>

#include <charconv>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::test;

namespace {

std::string get(std::string_view path)
{
    return "GET " + std::string{path} + " HTTP/1.1\r\nHost: t\r\n\r\n";
}

/// The first answer's body, framing removed and checked. What follows it is left in `rest`.
std::string body_of(std::string_view heard, std::string_view& rest)
{
    const auto end = heard.find("\r\n\r\n");
    REQUIRE(end != std::string_view::npos);
    const std::string_view head = heard.substr(0, end + 4);
    rest = heard.substr(end + 4);
    REQUIRE(head.starts_with("HTTP/1.1 200 "));
    std::string body;
    if (head.find("Transfer-Encoding: chunked") == std::string_view::npos) {
        REQUIRE(head.find("Content-Length: " + std::to_string(long_bytes)) != head.npos);
        body = rest.substr(0, long_bytes);
        rest.remove_prefix(body.size());
        return body;
    }
    for (;;) {
        std::size_t size = 0;
        const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), size, 16);
        REQUIRE(read.ec == std::errc{});
        rest.remove_prefix(static_cast<std::size_t>(read.ptr - rest.data()));
        REQUIRE(rest.starts_with("\r\n"));
        REQUIRE(rest.size() >= size + 4);
        body += rest.substr(2, size);
        REQUIRE(rest.substr(2 + size, 2) == "\r\n");
        rest.remove_prefix(size + 4);
        if (size == 0)
            return body;
    }
}

struct fate_of_stream {
    std::string_view path;
    int buffers;                     ///< Of both sides: all of it would fit into the usual ones.
    std::size_t at_once = 1U << 20;  ///< Bytes that the client reads in one turn.
};

/// Hears it to the end, and the answer behind it, while `strike` happens now and then.
void hear_all(dynasty& d, caller& c, const fate_of_stream& of, random_source& dice,
              const std::function<void()>& strike)
{
    constexpr std::size_t heard_between = 500'000;
    std::size_t next = 1 + dice.next() % heard_between;
    d.reign();
    c.say(get(of.path) + get("/"));
    while (!c.heard.ends_with("Hello, world")) {
        INFO("heard ", c.heard.size(), " after ", d.words.deaths.load(), " deaths");
        REQUIRE(!c.ended);
        REQUIRE(!c.reset);
        d.turn(c, of.at_once);
        if (c.heard.size() < next || c.heard.size() > long_bytes)
            continue;
        strike();
        next = c.heard.size() + 1 + dice.next() % heard_between;
    }
    std::string_view rest;
    const std::string body = body_of(c.heard, rest);
    CHECK(body.size() == long_bytes);
    CHECK(body == pattern(long_bytes));  // not shown: ten million letters
    CHECK(rest.starts_with("HTTP/1.1 200 "));
    CHECK(rest.find("HTTP/1.1 ", 1) == std::string_view::npos);
}

}  // namespace

TEST_CASE("a stream goes on at its exact byte however often its server is killed")
{
    const std::uint64_t seed = random_source::from_kernel().next();
    INFO("seed ", seed);
    random_source dice{seed};
    for (const fate_of_stream& of : std::vector<fate_of_stream>{{"/long", 200'000},
                                                                {"/long/length", 200'000},
                                                                {"/long", 4096, 9000},
                                                                {"/long/length", 4096, 9000}})
    {
        INFO(of.path, " ", of.buffers);
        dynasty d;
        caller c = d.call(of.buffers);
        hear_all(d, c, of, dice, [&] { d.strike(SIGKILL); });
        CHECK(d.words.deaths >= 5);
        CHECK(d.totals().resumed_total >= 5);
        CHECK(d.totals().cut_total == 0);
    }
}

TEST_CASE("a stream is not noticed by its client to be beside requests that crash their server")
{
    const std::uint64_t seed = random_source::from_kernel().next();
    INFO("seed ", seed);
    random_source dice{seed};
    for (const fate_of_stream& of :
         std::vector<fate_of_stream>{{"/long", 200'000}, {"/long/length", 4096, 9000}})
    {
        INFO(of.path, " ", of.buffers);
        dynasty d;
        std::vector<caller> crashes;
        for (int i = 0; i < 8; ++i)
            crashes.push_back(d.call());
        caller c = d.call(of.buffers);
        std::size_t said = 0;
        hear_all(d, c, of, dice, [&] {
            if (said == crashes.size())
                return;
            crashes[said].say(get("/crash?" + std::to_string(said)));
            ++said;
        });
        CHECK(d.words.deaths >= 2);
        CHECK(d.totals().resumed_total >= 2);
        CHECK(d.totals().cut_total == 0);
    }
}

TEST_CASE("without a resume handler a stream is cut, and looks it")
{
    dynasty d;
    caller c = d.call(4096);
    d.reign();
    c.say(get("/long/mortal") + get("/"));
    d.until(c, [&] { return c.heard.size() > 100'000; });
    d.strike(SIGKILL);
    d.hear_end(c);
    CHECK(c.ended);
    CHECK(c.heard.find("\r\n0\r\n\r\n") == std::string::npos);
    CHECK(c.heard.size() < long_bytes);
    CHECK(d.totals().cut_total == 1);
    CHECK(d.totals().resumed_total == 0);
}

TEST_CASE("a resume handler that crashes twice is not called again")
{
    dynasty d;
    caller c = d.call(4096);
    d.reign();
    c.say(get("/long/crash") + get("/"));
    while (c.heard.size() < 100'000)
        d.turn(c, 9000);
    d.strike(SIGKILL);
    d.hear_end(c);
    CHECK(c.ended);
    CHECK(d.words.deaths == 3);
    CHECK(c.heard.size() < long_bytes);
    CHECK(d.totals().cut_total == 1);
}

TEST_CASE("what the journal has no room for is streamed, and cut with its server")
{
    dynasty d;
    d.arena_bytes = 32U << 10;  // its request takes both blocks
    caller c = d.call(4096);
    d.reign();
    c.say(get("/long") + get("/"));
    d.until(c, [&] { return c.heard.size() > 100'000; });
    CHECK(d.totals().unjournaled_total >= 1);
    d.strike(SIGKILL);
    d.hear_end(c);
    CHECK(c.ended);
    CHECK(c.heard.size() < long_bytes);
    CHECK(d.totals().cut_total == 1);
}
