// What a successor does with requests that were running when their server died.
#include "dynasty.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

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

TEST_CASE("a request that crashes on a lane when its client has left is counted all the same")
{
    dynasty d;
    caller bystander = d.call();
    caller leaves = d.call();
    caller c = d.call();
    d.reign();
    leaves.say(get("/crash/told"));
    // Not just `running`: a lane that has not begun when the client leaves need not begin at all.
    d.until(bystander, [&] { return d.words.waiting == 1; });
    d.leave(leaves);
    d.words.go = 1;
    d.until(bystander, [&] { return d.words.deaths == 1; });

    // The second blow.
    c.say(get("/crash/told") + get("/"));
    hear(d, c, "Hello, world");
    CHECK(has(c, "HTTP/1.1 500 "));
    CHECK(has(c, "in quarantine"));
    CHECK(d.words.deaths == 2);
}

TEST_CASE("a coroutine is not blamed for deaths of servers that have not come to it")
{
    for (const bool behind : {true, false}) {
        dynasty d;
        caller before = d.call();
        caller between = d.call();
        caller& patient = behind ? between : before;
        caller& kills = behind ? before : between;
        d.reign();
        patient.say(get("/patient"));
        d.until(patient, [&] { return d.state(patient).attempt == 1; });
        kills.say(get("/kill"));
        hear(d, kills, "HTTP/1.1 500 ");
        CHECK(d.words.deaths == 4);
        d.until(patient, [&] { return d.state(patient).attempt == 2; });
        CHECK(d.state(patient).kills == 1);
        d.words.go = 2;
        hear(d, patient, "patient");
    }
}

TEST_CASE("a lane that crashes when its client has left is no fault of coroutines that wait")
{
    dynasty d;
    caller patient = d.call();
    caller leaves = d.call();
    d.reign();
    patient.say(get("/patient"));
    leaves.say(get("/crash/told"));
    d.until(patient, [&] { return d.words.waiting == 1 && d.state(patient).attempt == 1; });
    d.leave(leaves);
    d.words.go = 1;
    d.until(patient, [&] { return d.state(patient).attempt == 2; });
    CHECK(d.words.deaths == 1);
    CHECK(d.state(patient).kills == 0);
    CHECK(d.state(patient).outside == 0);
    d.words.go = 2;
    hear(d, patient, "patient");
}

TEST_CASE("a coroutine that crashes in its turn is blamed, and not the one whose turn was before")
{
    dynasty d;
    caller crashes = d.call();
    caller tells = d.call();
    d.reign();
    crashes.say(get("/crash/turns"));
    d.until(crashes, [&] { return d.state(crashes).now == board::standing::running; });
    tells.say(get("/tell"));
    hear(d, tells, "told");
    CHECK(!has(tells, "500"));
    hear(d, crashes, "ends the processes");
    CHECK(d.words.deaths == 2);
    // It is known by what it asks for, too.
    CHECK(d.state(tells).crashes == 0);
    crashes.heard.clear();
    crashes.say(get("/crash/turns"));
    hear(d, crashes, "in quarantine");
    CHECK(d.words.deaths == 2);
}

TEST_CASE("a connection of a server that records nothing is not gone on with by the one that does")
{
    dynasty d;
    d.strangers = 2;
    caller fresh = d.call();
    caller used = d.call();
    caller c = d.call();
    d.reign();
    used.say(get("/"));
    hear(d, used, "Hello, world");
    d.say(c, get("/"));
    hear(d, c, "Hello, world");
    CHECK(d.state(fresh).now == board::standing::foreign);
    CHECK(d.state(used).now == board::standing::foreign);
    d.kill();
    d.reign();
    d.hear_end(fresh);
    d.hear_end(used);
    CHECK(fresh.heard.empty());
    c.heard.clear();
    c.say(get("/"));
    hear(d, c, "Hello, world");
    CHECK(d.totals().adopted_total == 1);
}

TEST_CASE("whose a connection is that was accepted a moment before its death, nobody guesses")
{
    dynasty d;
    caller unclear = d.call();
    d.reign();
    d.until(unclear, [&] { return d.words.ready == 1; });
    d.kill();
    // As between accept() and the first word of one of two servers.
    d.forget(unclear);
    d.totals().strangers = 1;
    d.reign();
    d.hear_end(unclear);
    CHECK(d.totals().adopted_total == 0);
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

TEST_CASE("deaths from outside are no reason to give a request up, unless there is no end of them")
{
    dynasty d;
    caller c = d.call();
    caller next = d.call();
    d.totals().memory_kills = 527;  // and nobody is killed for memory meanwhile
    d.reign();
    c.say(get("/kill") + get("/"));
    hear(d, c, "Hello, world");
    CHECK(has(c, "HTTP/1.1 500 "));
    CHECK(has(c, "too many of them"));
    CHECK(d.words.deaths == d.options.survival.limits.outside_max);
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
