#include <cohort/http/topics/topics.hpp>

#include <cohort/async/scope.hpp>
#include <cohort/http/detail/subscriber.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;

namespace {

/// A loop with subscribers on it.
struct room {
    ~room()
    {
        tasks.stop();
        loop.restart();
        loop.poll();
    }
    void until(const std::function<bool()>& come)
    {
        const auto patience = now() + 20s;
        loop.restart();
        while (!come()) {
            REQUIRE(now() < patience);
            loop.run_one_for(5ms);
        }
    }

    boost::asio::io_context loop{1};
    scope tasks{loop.get_executor()};
};

/// What a subscriber heard, and how it ended.
struct diary {
    std::vector<std::string> texts;
    std::vector<std::uint64_t> ids;
    std::uint64_t missed = 0;
    error_code ended;
    bool over = false;
};

awaitable<> keep_diary(subscription from, diary& into)
{
    for (;;) {
        auto heard = co_await from.next();
        if (!heard) {
            into.ended = heard.error().why();
            break;
        }
        into.texts.push_back(heard->text());
        into.ids.push_back(heard->id());
        into.missed = from.missed();
    }
    into.missed = from.missed();
    into.over = true;
}

awaitable<> hear_one(subscription& from, std::optional<news>& into, nanoseconds patience)
{
    auto heard = co_await from.next_until(now() + patience);
    REQUIRE(heard);
    into.emplace(std::move(*heard));
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("what is published reaches all subscribers of the topic, in order, and nobody else")
{
    room r;
    topics& hub = topics::here();
    diary first;
    diary second;
    diary other;
    r.tasks.spawn(keep_diary(hub.subscribe("a/1"), first));
    r.tasks.spawn(keep_diary(hub.subscribe("a/1"), second));
    r.tasks.spawn(keep_diary(hub.subscribe("a/10"), other));
    CHECK(hub.publish("a/1", "one"));
    r.loop.poll();
    CHECK(hub.publish("a/1", "two"));
    CHECK(hub.publish("a/10", "ten"));
    CHECK(hub.publish("a", "a"));
    CHECK(hub.publish("a/1", ""));
    r.until([&] { return first.texts.size() == 3 && second.texts.size() == 3; });
    CHECK(first.texts == texts{"one", "two", ""});
    CHECK(second.texts == first.texts);
    CHECK(first.ids == second.ids);
    r.until([&] { return other.texts.size() == 1; });
    CHECK(first.missed == 0);
}

TEST_CASE("a subscription of a prefix hears all topics below it")
{
    room r;
    topics& hub = topics::here();
    diary rooms;
    diary deep;
    r.tasks.spawn(keep_diary(hub.subscribe("p/*"), rooms));
    r.tasks.spawn(keep_diary(hub.subscribe("p/x/*"), deep));
    for (const char* topic : {"p/", "p/x", "p/x/y", "p/x/y/z", "p", "px/y", "q/p/x"})
        CHECK(hub.publish(topic, topic));
    r.until([&] { return rooms.texts.size() == 4 && deep.texts.size() == 2; });
    CHECK(rooms.texts == texts{"p/", "p/x", "p/x/y", "p/x/y/z"});
    CHECK(deep.texts == texts{"p/x/y", "p/x/y/z"});
    CHECK(hub.publish("p/*", "x").error().why() == errc::bad_value);
    CHECK(http::detail::is_meant("p/*", "p/x"));
    CHECK_FALSE(http::detail::is_meant("p/*", "p"));
    CHECK(http::detail::is_meant("*", "*"));
}

TEST_CASE("who comes back with the id of its last message misses nothing")
{
    room r;
    topics& hub = topics::here();
    diary before;
    r.tasks.spawn(keep_diary(hub.subscribe("since"), before));
    for (int i = 0; i < 10; ++i)
        CHECK(hub.publish("since", std::to_string(i)));
    r.until([&] { return before.texts.size() == 10; });

    diary after;
    r.tasks.spawn(keep_diary(hub.subscribe("since", {.since = before.ids[3]}), after));
    r.loop.poll();
    CHECK(hub.publish("since", "new"));
    r.until([&] { return after.texts.size() == 7; });
    CHECK(after.texts == texts{"4", "5", "6", "7", "8", "9", "new"});
    CHECK(after.missed == 0);
    r.until([&] { return before.texts.size() == 11; });
}

TEST_CASE("what is published between subscribing and listening is heard")
{
    room r;
    topics& hub = topics::here();
    auto mine = hub.subscribe("between");
    CHECK(hub.publish("between", "here"));
    diary heard;
    r.tasks.spawn(keep_diary(std::move(mine), heard));
    r.until([&] { return heard.texts.size() == 1; });
}

TEST_CASE("who was away for too long is told that messages are missing")
{
    room r;
    topics& hub = topics::here();
    const auto old = hub.publish("gap", "old");
    REQUIRE(old);
    const std::string large(60'000, 'x');
    for (int i = 0; i < 150; ++i)
        REQUIRE(hub.publish("gap/other", large));
    REQUIRE(hub.publish("gap", "new"));

    auto mine = hub.subscribe("gap", {.since = *old});
    std::optional<news> what;
    r.tasks.spawn(hear_one(mine, what, 1h));
    r.until([&] { return what.has_value(); });
    CHECK(what->what() == news::kind::missed);
    CHECK(mine.missed() > 0);
    what.reset();
    r.tasks.spawn(hear_one(mine, what, 1h));
    r.until([&] { return what.has_value(); });
    REQUIRE(what->what() == news::kind::message);
    CHECK(what->message().text() == "new");
    what.reset();
    r.tasks.spawn(hear_one(mine, what, 1ms));
    r.until([&] { return what.has_value(); });
    CHECK(what->what() == news::kind::quiet);

    auto future = hub.subscribe("gap", {.since = hub.last() + 1000});
    what.reset();
    r.tasks.spawn(hear_one(future, what, 1h));
    r.until([&] { return what.has_value(); });
    CHECK(what->what() == news::kind::missed);
}

TEST_CASE("a subscriber who is too slow is dropped, and told so when it looks")
{
    room r;
    topics& hub = topics::here();
    const auto dropped = hub.total().dropped;
    auto slow = hub.subscribe("slow", {.messages_max = 3});
    auto heavy = hub.subscribe("slow", {.bytes_max = 2000});
    diary quick;
    std::optional<news> what;
    std::optional<news> same;
    r.tasks.spawn(hear_one(slow, what, 0h));
    r.tasks.spawn(hear_one(heavy, same, 0h));
    r.tasks.spawn(keep_diary(hub.subscribe("slow"), quick));
    r.until([&] { return what && same; });
    CHECK(what->what() == news::kind::quiet);
    for (int i = 0; i < 10; ++i)
        REQUIRE(hub.publish("slow", std::string(400, 'x')));
    r.until([&] { return quick.texts.size() == 10; });
    CHECK(hub.total().dropped == dropped + 2);
    diary rest;
    r.tasks.spawn(keep_diary(std::move(slow), rest));
    r.until([&] { return rest.over; });
    CHECK(rest.ended == errc::queue_full);
    CHECK(rest.texts.empty());
}

TEST_CASE("a text is held once, however many subscribers have it")
{
    room r;
    topics& hub = topics::here();
    auto one = hub.subscribe("once");
    auto two = hub.subscribe("once");
    std::optional<news> first;
    std::optional<news> second;
    r.tasks.spawn(hear_one(one, first, 1h));
    r.tasks.spawn(hear_one(two, second, 1h));
    r.loop.poll();
    REQUIRE(hub.publish("once", "the text"));
    r.until([&] { return first && second; });
    const auto text = first->message().shared_text();
    CHECK(*text == "the text");
    CHECK(text.get() == second->message().shared_text().get());
}

TEST_CASE("subscriptions end when they are cancelled, dropped or the worker drains")
{
    topics& hub = topics::here();
    const auto before = hub.total().subscribers;
    diary cancelled;
    diary drained;
    diary late;
    {
        room r;
        boost::asio::cancellation_signal* const stop =
            r.tasks.spawn(keep_diary(hub.subscribe("end"), cancelled));
        r.tasks.spawn(keep_diary(hub.subscribe("end"), drained));
        r.loop.poll();
        CHECK(hub.total().subscribers == before + 2);
        stop->emit(boost::asio::cancellation_type::terminal);
        r.until([&] { return cancelled.over; });
        CHECK(cancelled.ended == errc::cancelled);

        REQUIRE(hub.publish("end", "last words"));
        r.until([&] { return drained.texts.size() == 1; });
        hub.leave(r.loop);
        r.until([&] { return drained.over; });
        CHECK(drained.ended == errc::stopping);
        r.tasks.spawn(keep_diary(hub.subscribe("end"), late));
        r.until([&] { return late.over; });
        CHECK(late.ended == errc::stopping);
    }
    CHECK(hub.total().subscribers == before);
}

TEST_CASE("a loop without subscribers has nothing to do, and begins again with the next one")
{
    room r;
    topics& hub = topics::here();
    for (int i = 0; i < 5; ++i) {
        {
            auto mine = hub.subscribe("again");
            std::optional<news> what;
            r.tasks.spawn(hear_one(mine, what, 1h));
            r.loop.poll();
            REQUIRE(hub.publish("again", std::to_string(i)));
            r.until([&] { return what.has_value(); });
            CHECK(what->message().text() == std::to_string(i));
        }
        r.loop.restart();
        r.loop.run();  // returns
    }
}

TEST_CASE("subscriptions may outlive their loop")
{
    topics& hub = topics::here();
    auto mine = hub.subscribe("outlive");
    {
        room r;
        std::optional<news> what;
        r.tasks.spawn(hear_one(mine, what, 0ms));
        r.until([&] { return what.has_value(); });
    }
    CHECK(hub.publish("outlive", "x"));
    CHECK_FALSE(mine.try_next());
}

TEST_CASE("a process has so many subscribers at most")
{
    room r;
    topics& hub = topics::here();
    const auto refused = hub.total().refused;
    diary first;
    diary second;
    hub.subscribers_max(hub.total().subscribers + 1);
    r.tasks.spawn(keep_diary(hub.subscribe("most"), first));
    r.tasks.spawn(keep_diary(hub.subscribe("most"), second));
    r.until([&] { return second.over; });
    CHECK(second.ended == errc::queue_full);
    CHECK(hub.total().refused == refused + 1);
    CHECK_FALSE(first.over);
    hub.subscribers_max(100'000);
}

TEST_CASE("any thread may publish, and each one's messages keep their order")
{
    room r;
    topics& hub = topics::here();
    diary all;
    r.tasks.spawn(keep_diary(hub.subscribe("threads", {.messages_max = 10'000}), all));
    r.loop.poll();
    constexpr int each = 300;
    std::vector<std::jthread> writers;
    for (int who = 0; who < 3; ++who) {
        writers.emplace_back([&hub, who] {
            for (int i = 0; i < each; ++i)
                static_cast<void>(
                    hub.publish("threads", std::to_string(who) + std::to_string(1000 + i)));
        });
    }
    r.until([&] { return all.texts.size() == 3 * each; });
    std::array<std::string, 3> last;
    for (const std::string& text : all.texts) {
        std::string& before = last.at(static_cast<std::size_t>(text[0] - '0'));
        CHECK(before < text);
        before = text;
    }
    CHECK(all.missed == 0);
}

TEST_CASE("positions of another life of the application are not taken for ours")
{
    topics& hub = topics::here();
    const auto id = hub.publish("position", "x").value();
    const position mine = hub.position_of(id);
    CHECK(hub.id_of(mine) == id);
    CHECK_FALSE(hub.id_of({mine.cohort + 1, id}));
    CHECK_FALSE(hub.id_of({mine.cohort, hub.last() + 1}));
}
