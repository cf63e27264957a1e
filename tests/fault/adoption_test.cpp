// What a successor does with requests that were running when their server died.
#include "dynasty.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::test;

namespace {

std::string get(std::string_view path)
{
    return "GET " + std::string{path} + " HTTP/1.1\r\nHost: t\r\n\r\n";
}
std::string post(std::string_view path, std::string_view more = {})
{
    return "POST " + std::string{path} + " HTTP/1.1\r\nHost: t\r\n" + std::string{more} +
           "Content-Length: 4\r\n\r\nbody";
}

bool has(const caller& c, std::string_view what) { return c.heard.find(what) != std::string::npos; }

void hear(dynasty& d, caller& c, std::string_view what)
{
    d.until(c, [&] { return has(c, what); });
}

}  // namespace

TEST_CASE("a request whose server died runs again, and knows that it does")
{
    dynasty d;
    caller c = d.call();
    d.reign();
    c.say(get("/once") + get("/"));
    hear(d, c, "Hello, world");
    CHECK(d.words.deaths == 1);
    CHECK(d.words.attempt == 2);
    CHECK(c.heard.find("at last") < c.heard.find("Hello, world"));
    CHECK(d.totals().replayed_total == 1);
    CHECK(d.totals().adopted_total == 1);
}

TEST_CASE("a request that must not run twice is answered 500, and its connection goes on")
{
    dynasty d;
    caller c = d.call();
    d.reign();
    c.say(get("/") + post("/dies") + get("/"));
    d.until(c, [&] { return c.heard.ends_with("Hello, world") && has(c, "500"); });
    CHECK(has(c, "application/problem+json"));
    CHECK(has(c, "Retry-After: 1"));
    CHECK(has(c, "The outcome is unknown"));
    CHECK(!has(c, "Connection: close"));
    CHECK(d.words.deaths == 1);
    CHECK(d.totals().apologies_total == 1);
}

TEST_CASE("a POST with a key that its route heeds runs again")
{
    dynasty d;
    caller c = d.call();
    d.reign();
    c.say(post("/keyed", "Idempotency-Key: 17\r\n"));
    hear(d, c, "keyed");
    CHECK(d.words.attempt == 2);

    dynasty other;
    caller without = other.call();
    other.reign();
    without.say(post("/keyed"));
    hear(other, without, "The outcome is unknown");
}

TEST_CASE("a request that crashes its server twice is poison, on every connection")
{
    for (const std::string_view path : {"/crash", "/crash/lane"}) {
        dynasty d;
        caller bystander = d.call();
        caller c = d.call();
        caller next = d.call();
        d.reign();
        d.say(bystander, get("/"));
        c.say(get(path) + get("/"));
        hear(d, c, "Hello, world");
        CHECK(has(c, "HTTP/1.1 500 "));
        CHECK(has(c, "ends the processes"));
        CHECK(d.words.deaths == 2);

        next.say(get(path) + get("/"));
        hear(d, next, "Hello, world");
        CHECK(has(next, "in quarantine"));
        CHECK(d.words.deaths == 2);
        CHECK(d.totals().quarantined_total == 1);
        d.say(bystander, get("/"));
        d.until(bystander, [&] {
            return bystander.heard.find("Hello", bystander.heard.find("Hello") + 1) !=
                   std::string::npos;
        });
        CHECK(!has(bystander, "500"));
    }
}

TEST_CASE("a request that is running at four other deaths is given up, in its worker only")
{
    dynasty d;
    caller c = d.call();
    caller next = d.call();
    d.reign();
    c.say(get("/kill") + get("/"));
    hear(d, c, "Hello, world");
    CHECK(has(c, "HTTP/1.1 500 "));
    CHECK(d.words.deaths == 4);
    next.say(get("/"));
    hear(d, next, "Hello, world");
}

TEST_CASE("what the journal has no room for is served, and lost only with its server")
{
    dynasty d;
    d.arena_bytes = 64U << 10;  // four blocks
    caller c = d.call(4096);
    caller idle = d.call();
    d.reign();
    d.say(idle, get("/"));
    hear(d, idle, "Hello, world");
    c.say(get("/large") + get("/"));
    d.until(
        c, [&] { return d.state(c).now == board::standing::streaming || c.heard.size() > 90'000; });
    d.until(c, [&] { return c.heard.ends_with("Hello, world"); });
    CHECK(d.totals().unjournaled_total >= 1);
    CHECK(d.words.deaths == 0);

    c.heard.clear();
    c.say(get("/large") + get("/"));
    while (c.heard.size() < 20'000)
        d.turn(c, 2000);
    d.succeed = false;
    d.kill();
    d.succeed = true;
    d.reign();
    d.hear_end(c);
    CHECK(!has(c, "Hello, world"));
    idle.heard.clear();
    idle.say(get("/"));
    hear(d, idle, "Hello, world");
}

TEST_CASE("connections that are merely there are adopted in any number, and by any number of heirs")
{
    dynasty d;
    std::vector<caller> all;
    for (int i = 0; i < 50; ++i)
        all.push_back(d.call());
    d.reign();
    for (int round = 0; round < 5; ++round) {
        for (caller& each : all)
            each.say(get("/lane"));
        for (caller& each : all) {
            each.heard.clear();
            hear(d, each, "from a lane");
        }
        d.kill();
        d.reign();
    }
    for (caller& each : all)
        CHECK(!has(each, "500"));
}
