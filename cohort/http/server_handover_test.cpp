// Connections that change hands in peace, between two requests.
#include <cohort/async/deadline.hpp>
#include <cohort/async/scope.hpp>
#include <cohort/http/detail/house_test.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

struct passed {
    unique_fd connection;
    positions at;
};

/// A server that drains into a list; the next one begins with it.
struct generation {
    explicit generation(house& of)
        : here{of}, drains{of.loop.get_executor()}
    {}
    ~generation()
    {
        drains.stop();
        here.loop.poll();
    }

    void drain(bool refuse = false) { drains.spawn(run(refuse)); }
    awaitable<> run(bool refuse)
    {
        handover sink = [this, refuse](unique_fd& connection, const positions& at) noexcept {
            if (refuse)
                return false;
            if (here.book)
                here.book->record(connection.borrow())->commit({});
            list.push_back({std::move(connection), at});
            return true;
        };
        awaitable<std::size_t> all = here.serving->drain_to(std::move(sink), 5s);
        cut = co_await std::move(all);
    }

    house& here;
    scope drains;
    std::vector<passed> list;
    std::optional<std::size_t> cut;
};

}  // namespace

TEST_CASE("connections between two requests go to somebody else, who goes on with them")
{
    house h;
    add_hello(h.api);
    h.api.get("/slow", [](const request&) -> task<response> {
        co_await sleep_for(20ms);
        co_return text("slow");
    });
    client idle = h.connect();
    client busy = h.connect();
    client fresh = h.connect();
    idle.say(get("/"));
    h.hear(idle, "Hello, world");
    busy.say(get("/slow"));
    h.until([&] { return h.serving->running() == 1; });

    generation old{h};
    old.drain();
    h.until([&] { return old.list.size() == 2; });
    CHECK(!old.cut);
    h.hear(busy, "slow");
    CHECK(!busy.has("Connection: close"));
    h.until([&] { return old.cut.has_value(); });
    CHECK(*old.cut == 0);
    REQUIRE(old.list.size() == 3);

    house other;
    add_hello(other.api);
    other.open();
    for (passed& each : old.list) {
        if (each.at.requests != 0)
            CHECK(each.at.given > 100);
        REQUIRE(other.serving->take_over(std::move(each.connection), each.at));
    }
    for (client* each : {&idle, &busy, &fresh}) {
        each->heard.clear();
        each->say(get("/"));
        other.hear(*each, "Hello, world");
        CHECK(!each->has("Connection: close"));
    }
    CHECK(other.serving->connections() == 3);
}

TEST_CASE("a connection that nobody takes is closed as a drain closes it")
{
    house h;
    add_hello(h.api);
    client idle = h.connect();
    idle.say(get("/"));
    h.hear(idle, "Hello, world");
    generation old{h};
    old.drain(true);
    h.hear_end(idle);
    idle.socket.reset();
    h.until([&] { return old.cut.has_value(); });
    CHECK(*old.cut == 0);
}

TEST_CASE("a server that shares gives so many away, and serves on")
{
    house h;
    add_hello(h.api);
    h.api.get("/slow", [](const request&) -> task<response> {
        co_await sleep_for(20ms);
        co_return text("slow");
    });
    std::vector<client> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(h.connect());
    for (client& each : all) {
        each.say(get("/"));
        h.hear(each, "Hello, world");
    }
    std::vector<passed> list;
    const auto share = [&](std::size_t count, nanoseconds within, bool refuse = false) {
        handover sink = [&, refuse](unique_fd& connection, const positions& at) noexcept {
            if (refuse)
                return false;
            if (h.book)
                h.book->record(connection.borrow())->commit({});
            list.push_back({std::move(connection), at});
            return true;
        };
        h.serving->share(std::move(sink), count, within);
    };

    SUBCASE("those between two requests at once")
    {
        share(3, 1s);
        REQUIRE(list.size() == 3);
        CHECK(h.serving->connections() == 5);
        house other;
        add_hello(other.api);
        other.open();
        for (passed& each : list) {
            CHECK(each.at.requests == 1);
            REQUIRE(other.serving->take_over(std::move(each.connection), each.at));
        }
        for (client& each : all) {
            each.heard.clear();
            each.say(get("/"));
        }
        for (client& each : all) {
            h.until([&] {
                other.loop.poll();
                each.listen();
                return each.has("Hello, world");
            });
            CHECK(!each.has("Connection: close"));
        }
    }
    SUBCASE("the others at the end of their request, if that is soon")
    {
        for (client& each : all)
            each.say(get("/slow"));
        h.until([&] { return h.serving->running() == 8; });
        share(2, 1s);
        CHECK(list.empty());
        h.until([&] { return h.serving->running() == 0; });
        CHECK(list.size() == 2);
    }
    SUBCASE("and not any more when the time is over")
    {
        for (client& each : all)
            each.say(get("/slow"));
        h.until([&] { return h.serving->running() == 8; });
        share(2, 1s);
        clock_now += 2s;
        h.until([&] { return h.serving->running() == 0; });
        CHECK(list.empty());
        CHECK(h.serving->connections() == 8);
    }
    SUBCASE("what nobody takes stays, and is served")
    {
        share(8, 1s, true);
        CHECK(h.serving->connections() == 8);
        for (client& each : all) {
            each.heard.clear();
            each.say(get("/"));
            h.hear(each, "Hello, world");
        }
    }
    SUBCASE("more than there are: all of them")
    {
        share(100, 1s);
        CHECK(list.size() == 8);
        CHECK(h.serving->connections() == 0);
    }
}
