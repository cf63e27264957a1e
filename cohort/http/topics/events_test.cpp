#include <cohort/http/topics/events.hpp>

#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/topics/topics.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

/// A house with events of every topic.
struct event_house : house {
    explicit event_house(event_options how = {})
    {
        api.get("/events/{topic...}",
                [how](const request& r) { return events(r, r.path<std::string>("topic"), how); });
    }
    /// A client that listens: from now on it misses nothing.
    client hears(const std::string& topic, const std::string& last = {})
    {
        client c = connect();
        c.say("GET /events/" + topic + " HTTP/1.1\r\nHost: t\r\n" +
              (last.empty() ? "" : "Last-Event-ID: " + last + "\r\n") + "\r\n");
        hear(c, "retry: ");
        return c;
    }
};

std::string id_text(std::uint64_t id) { return topics::here().position_of(id).text(); }

}  // namespace

TEST_CASE("a client hears the messages of a topic as events")
{
    event_house h;
    client c = h.hears("sse/1");
    CHECK(c.has("HTTP/1.1 200 OK\r\n"));
    CHECK(c.has("Content-Type: text/event-stream\r\n"));
    CHECK(c.has("Cache-Control: no-store\r\n"));
    CHECK(c.has("X-Accel-Buffering: no\r\n"));
    CHECK(c.has("retry: 3000\nid: "));
    topics& hub = topics::here();
    const auto id = hub.publish("sse/1", "one line").value();
    hub.publish("sse/2", "not for us");
    hub.publish("sse/1", "two\nlines");
    hub.publish("sse/1", "");
    h.hear(c, "event: message\ndata: \n\n");
    CHECK(c.has("id: " + id_text(id) + "\ndata: one line\n\n"));
    CHECK(c.has("\ndata: two\ndata: lines\n\n"));
    CHECK_FALSE(c.has("not for us"));
}

TEST_CASE("the messages of a feed can have a type")
{
    event_house h{{.event = "chat", .retry = 10ms}};
    client c = h.hears("sse/typed");
    CHECK(c.has("retry: 10\n"));
    topics::here().publish("sse/typed", "hello");
    h.hear(c, "event: chat\ndata: hello\n\n");
}

TEST_CASE("a client that comes back with Last-Event-ID gets what it has missed")
{
    event_house h;
    topics& hub = topics::here();
    const auto first = hub.publish("sse/back", "first").value();
    hub.publish("sse/back", "second");
    hub.publish("sse/back", "third");
    client c = h.hears("sse/back", id_text(first));
    h.hear(c, "data: third\n\n");
    hub.publish("sse/back", "fourth");
    h.hear(c, "data: fourth\n\n");
    CHECK(c.heard.find("second") < c.heard.find("third"));
    CHECK_FALSE(c.has("data: first"));
    CHECK_FALSE(c.has("missed"));
}

TEST_CASE(
    "an id that is not of this life of the application makes a client know that it missed some")
{
    event_house h;
    const position ours = topics::here().position_of(1);
    for (const std::string& last : {std::string{"17"}, position{ours.cohort ^ 1, 1}.text(),
                                    id_text(topics::here().last() + 1'000'000)})
    {
        client c = h.hears("sse/stranger", last);
        h.hear(c, "event: missed\ndata: {}\n\n");
        topics::here().publish("sse/stranger", "now");
        h.hear(c, "data: now\n\n");
    }
}

TEST_CASE("a client whose messages are overwritten is told that some are missing")
{
    event_house h;
    topics& hub = topics::here();
    const auto old = hub.publish("sse/gap", "old").value();
    const std::string large(60'000, 'x');
    for (int i = 0; i < 150; ++i)
        REQUIRE(hub.publish("sse/else", large));
    hub.publish("sse/gap", "new");
    client c = h.hears("sse/gap", id_text(old));
    h.hear(c, "data: new\n\n");
    CHECK(c.has("event: missed\ndata: {\"at_most\":"));
    CHECK(c.heard.find("event: missed") < c.heard.find("data: new"));
}

TEST_CASE("a quiet connection has a heartbeat, which takes the position along")
{
    event_house h{{.heartbeat = 1s}};
    client c = h.hears("sse/quiet");
    const auto other = topics::here().publish("sse/loud", "x").value();
    h.hear(c, "\n: \n\nid: " + id_text(other) + "\n\n");
}

TEST_CASE("when the worker drains, clients are told when to come back, and the answer ends well")
{
    event_house h;
    client c = h.hears("sse/drain");
    topics::here().publish("sse/drain", "last");
    h.hear(c, "data: last");
    topics::here().leave(h.loop);
    h.hear(c, "\r\n0\r\n\r\n");
    CHECK(c.count("retry: ") == 2);
    CHECK_FALSE(c.closed);
}

TEST_CASE("a client that leaves is forgotten")
{
    event_house h;
    topics& hub = topics::here();
    const auto before = hub.total().subscribers;
    {
        client c = h.hears("sse/gone");
        h.until([&] { return hub.total().subscribers == before + 1; });
    }
    hub.publish("sse/gone", "x");
    hub.publish("sse/gone", "y");
    h.until([&] { return hub.total().subscribers == before; });
}

TEST_CASE("a client that reads too slowly is cut loose, and others are not")
{
    event_house h{{.messages_max = 4}};
    topics& hub = topics::here();
    const auto dropped = hub.total().dropped;
    const auto before = hub.total().subscribers;
    client quick = h.hears("sse/slow");
    client slow = h.connect(4096);
    slow.say(get("/events/sse/slow"));
    h.until([&] { return hub.total().subscribers == before + 2; });
    const std::string text(50'000, 'x');
    for (int i = 0; i < 40; ++i) {
        REQUIRE(hub.publish("sse/slow", text));
        h.until([&] {
            quick.listen();
            return quick.count("data: x") == i + 1;
        });
    }
    CHECK(hub.total().dropped == dropped + 1);
    CHECK_FALSE(quick.has("missed"));
    h.until([&] {
        slow.listen();
        return slow.has("\r\n0\r\n\r\n");
    });
    CHECK(hub.total().subscribers == before + 1);
}
