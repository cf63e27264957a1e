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

namespace {

/// A server with eight clients that were answered once, and a list that it shares with.
struct full_house {
    full_house()
    {
        add_hello(here.api);
        here.api.get("/slow", [](const request&) -> task<response> {
            co_await sleep_for(20ms);
            co_return text("slow");
        });
        for (int i = 0; i < 8; ++i)
            all.push_back(here.connect());
        for (client& each : all) {
            each.say(get("/"));
            here.hear(each, "Hello, world");
            each.heard.clear();
        }
    }
    enum class taker : std::uint8_t { willing, refuses };
    void share(std::size_t count, taker who = taker::willing)
    {
        handover sink = [this, who](unique_fd& connection, const positions& at) noexcept {
            if (who == taker::refuses)
                return false;
            if (here.book)
                here.book->record(connection.borrow())->commit({});
            list.push_back({std::move(connection), at});
            return true;
        };
        here.serving->share(std::move(sink), count, 1s);
    }
    void keep_all_busy()
    {
        for (client& each : all)
            each.say(get("/slow"));
        here.until([&] { return here.serving->running() == 8; });
    }
    void until_idle()
    {
        here.until([&] { return here.serving->running() == 0; });
    }
    /// Each is answered, by us or by `other`.
    void ask_all(house& other)
    {
        for (client& each : all)
            each.say(get("/"));
        for (client& each : all) {
            here.until([&] {
                other.loop.poll();
                each.listen();
                return each.has("Hello, world");
            });
            CHECK(!each.has("Connection: close"));
        }
    }

    house here;
    std::vector<client> all;
    std::vector<passed> list;
};

}  // namespace

TEST_CASE("a server that shares gives so many away at once, and serves on")
{
    full_house h;
    h.share(3);
    REQUIRE(h.list.size() == 3);
    CHECK(h.here.serving->connections() == 5);
    house other;
    add_hello(other.api);
    other.open();
    for (passed& each : h.list) {
        CHECK(each.at.requests == 1);
        REQUIRE(other.serving->take_over(std::move(each.connection), each.at));
    }
    h.ask_all(other);
    h.share(100);
    CHECK(h.here.serving->connections() == 0);
}

TEST_CASE("who runs a request goes at its end, if that is soon")
{
    full_house h;
    h.keep_all_busy();
    h.share(2);
    h.share(3);  // with somebody else: nobody goes with both
    CHECK(h.list.empty());
    SUBCASE("and it is")
    {
        h.until_idle();
        CHECK(h.list.size() == 5);
    }
    SUBCASE("and stays when the time is over")
    {
        clock_now += 2s;
        h.until_idle();
        CHECK(h.list.empty());
        CHECK(h.here.serving->connections() == 8);
    }
}

TEST_CASE("what nobody takes stays, is served, and is offered again")
{
    full_house h;
    h.share(8, full_house::taker::refuses);
    CHECK(h.here.serving->connections() == 8);
    house nobody;
    nobody.open();
    h.ask_all(nobody);
    h.share(8);
    CHECK(h.list.size() == 8);
}

TEST_CASE("who has as many as it may takes what is handed over all the same")
{
    full_house h;
    h.share(2);
    REQUIRE(h.list.size() == 2);
    house other;
    add_hello(other.api);
    other.options.connections_max = 1;
    other.open();
    for (passed& each : h.list)
        CHECK(other.serving->take_over(std::move(each.connection), each.at));
    CHECK(other.serving->full());
    h.ask_all(other);
}

TEST_CASE("calls in a row go on where the last one stopped, whoever has ended since")
{
    full_house h;
    std::size_t open = h.all.size();
    while (open != 0) {
        h.share(1, full_house::taker::refuses);
        h.share(1);
        CHECK(h.here.serving->connections() == --open);
    }
    CHECK(h.list.size() == 8);
    h.share(1);
    client more = h.here.connect();
    h.here.until([&] { return h.here.serving->connections() == 1; });
    h.share(1);
    CHECK(h.list.size() == 9);
}
