// Connections that leave HTTP/1.1.
#include <cohort/async/scope.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/takeover.hpp>
#include <cohort/net/poller.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

/// Says everything back, until its client leaves or it is told to.
class echo final : public net::watcher {
public:
    explicit echo(taken_connection c)
        : c_{std::move(c)}, pause_{c_.place.loop().get_executor()}
    {}
    static awaitable<> run(std::unique_ptr<echo> self)
    {
        echo& e = *self;
        const auto stop = co_await asio::this_coro::cancellation_state;
        e.c_.place.on_farewell([&e](farewell what) noexcept {
            e.leaving_ = what;
            e.pause_.notify_all();
        });
        REQUIRE(e.c_.place.poller().watch(e.c_.fd.borrow(), EPOLLIN, e));
        std::string back = std::exchange(e.c_.unread, {});
        while (!stopped(stop) && !e.leaving_) {
            if (!back.empty()) {
                const transfer gone = e.c_.write(back);
                REQUIRE(gone.done());
                back.erase(0, gone.bytes);
                continue;
            }
            std::array<char, 100> some;
            const transfer got = e.c_.read(some);
            if (got.done())
                back.assign(some.data(), got.bytes);
            else if (got.waits())
                co_await e.pause_.wait();
            else
                break;
        }
        if (e.leaving_ == farewell::drain)
            static_cast<void>(e.c_.write("bye"));
        e.c_.place.poller().forget(e.c_.fd.borrow(), e);
    }

private:
    void ready(std::uint32_t) noexcept override { pause_.notify_all(); }

    taken_connection c_;
    wakeup pause_;
    std::optional<farewell> leaving_;
};

void start_echo(taken_connection c) noexcept
{
    scope& jobs = c.place.coroutines();
    jobs.spawn(echo::run(std::make_unique<echo>(std::move(c))));
}

std::string upgrade(std::string_view path)
{
    return "GET " + std::string{path} +
           " HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
}

void add_upgrades(router& api)
{
    add_hello(api);
    api.any("/up", [](const request&) {
        return switch_protocols("echo", &start_echo).header("X-More", "yes");
    });
    api.get("/up/lane", [](const request&) { return switch_protocols("echo", &start_echo); },
            {.cpu_bound = true});
    api.get("/up/coroutine", [](const request&) -> task<response> {
        co_return switch_protocols("echo", &start_echo);
    });
}

std::optional<std::size_t> drained(house& h, nanoseconds budget, scope& work)
{
    auto cut = std::make_shared<std::optional<std::size_t>>();
    const auto drain = [](server& s, nanoseconds b, auto to) -> awaitable<> {
        *to = co_await s.drain(b);
    };
    work.spawn(drain(*h.serving, budget, cut));
    h.until([&] { return cut->has_value(); });
    return *cut;
}

}  // namespace

TEST_CASE("after a 101 the connection is the taker's, with what came behind the request")
{
    for (const std::string path : {"/up", "/up/lane", "/up/coroutine"}) {
        CAPTURE(path);
        house h;
        std::atomic<std::uint32_t> open{0};
        h.options.counters.connections_open = &open;
        add_upgrades(h.api);
        client c = h.connect();
        c.say(get("/") + upgrade(path) + "and this, ");
        h.hear(c, "and this, ");
        CHECK(
            c.has("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n"));
        CHECK(c.has("X-More: yes\r\n") == (path == "/up"));
        CHECK(!c.has("Content-Length: 0"));
        CHECK(c.has("Hello, world"));
        c.say("and that");
        h.hear(c, "and that");
        CHECK(h.serving->connections() == 1);
        CHECK(h.serving->running() == 0);
        CHECK(open == 1);
        c.socket.reset();
        h.until([&] { return open == 0; });
        CHECK(h.serving->connections() == 0);
    }
}

TEST_CASE("what cannot change the protocol is told so, and stays HTTP")
{
    house h;
    add_upgrades(h.api);
    client old = h.connect();
    old.say("GET /up HTTP/1.0\r\nHost: t\r\n\r\n");
    h.hear(old, "HTTP/1.1 400 Bad Request");
    client body = h.connect();
    body.say("POST /up HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi" + get("/"));
    h.hear(body, "Hello, world");
    CHECK(body.has("HTTP/1.1 400 Bad Request"));
}

TEST_CASE("a drain tells those who were given away, and waits for them")
{
    house h;
    add_upgrades(h.api);
    client c = h.connect();
    c.say(upgrade("/up"));
    h.hear(c, "101");
    scope work{h.loop.get_executor()};
    CHECK(drained(h, 5s, work) == 0);
    c.listen();
    CHECK(c.has("bye"));
}

TEST_CASE("a connection that does not heed the drain is cut when its budget is used up")
{
    house h;
    add_hello(h.api);
    std::vector<farewell> told;
    std::vector<taken_connection> kept;
    h.api.get("/up", [&](const request&) {
        return switch_protocols("deaf", [&](taken_connection c) noexcept {
            kept.push_back(std::move(c));
            kept.back().place.on_farewell([&](farewell what) noexcept { told.push_back(what); });
        });
    });
    client c = h.connect();
    c.say(upgrade("/up"));
    h.hear(c, "101");
    REQUIRE(kept.size() == 1);
    scope work{h.loop.get_executor()};
    CHECK(drained(h, 20ms, work) == 1);
    CHECK(told == std::vector{farewell::drain, farewell::cut});
    h.hear_end(c);  // shut down, though its descriptor is open
    CHECK(h.serving->connections() == 1);
    kept.clear();
    CHECK(h.serving->connections() == 0);
}

TEST_CASE("a place may outlive its server, and counts towards connections_max")
{
    std::vector<taken_connection> kept;
    house h;
    h.options.connections_max = 1;
    h.api.get("/up", [&](const request&) {
        return switch_protocols("quiet",
                                [&](taken_connection c) noexcept { kept.push_back(std::move(c)); });
    });
    client c = h.connect();
    c.say(upgrade("/up"));
    h.hear(c, "101");
    h.until([&] { return kept.size() == 1; });
    CHECK(h.serving->full());
    CHECK(!kept[0].place.draining());
    kept[0].place.request_begun();
    CHECK(h.serving->running() == 1);
    h.stop();
    CHECK(kept[0].place.draining());
    h.serving.reset();
    CHECK(kept[0].place.draining());
    kept.clear();
}

TEST_CASE("a farewell that nobody heard is heard by who listens later")
{
    std::vector<taken_connection> kept;
    house h;
    h.api.get("/up", [&](const request&) {
        return switch_protocols("quiet",
                                [&](taken_connection c) noexcept { kept.push_back(std::move(c)); });
    });
    client c = h.connect();
    c.say(upgrade("/up"));
    h.until([&] { return kept.size() == 1; });
    std::vector<farewell> told;
    const auto listen = [&] {
        kept[0].place.on_farewell([&](farewell what) noexcept { told.push_back(what); });
    };
    scope work{h.loop.get_executor()};
    const auto drain = [&]() -> awaitable<> { static_cast<void>(co_await h.serving->drain(20ms)); };
    work.spawn(drain());
    h.until([&] { return kept[0].place.draining(); });
    listen();
    CHECK(told == std::vector{farewell::drain});
    kept[0].place.on_farewell(nullptr);
    h.until([&] { return work.size() == 0; });
    told.clear();
    listen();
    CHECK(told == std::vector{farewell::cut});
    kept.clear();
}

TEST_CASE("who hears a farewell may make others hear it, and one of them may let go of the first")
{
    std::vector<std::unique_ptr<taken_connection>> kept;
    house h;
    h.api.get("/up", [&](const request&) {
        return switch_protocols("quiet", [&](taken_connection c) noexcept {
            kept.push_back(std::make_unique<taken_connection>(std::move(c)));
        });
    });
    client one = h.connect();
    one.say(upgrade("/up"));
    h.until([&] { return kept.size() == 1; });
    client two = h.connect();
    two.say(upgrade("/up"));
    h.until([&] { return kept.size() == 2; });
    int told = 0;
    kept[0]->place.on_farewell([&](farewell) noexcept {
        ++told;
        kept[1]->place.on_farewell([&](farewell) noexcept {
            ++told;
            kept[0].reset();
        });
    });
    scope work{h.loop.get_executor()};
    CHECK(drained(h, 20ms, work) == 1);
    CHECK(told == 3);  // the second one is cut as well
    kept.clear();
}

TEST_CASE("a request that has not ended when its place is given up ends then")
{
    std::vector<taken_connection> kept;
    house h;
    h.api.get("/up", [&](const request&) {
        return switch_protocols("quiet",
                                [&](taken_connection c) noexcept { kept.push_back(std::move(c)); });
    });
    client c = h.connect();
    c.say(upgrade("/up"));
    h.until([&] { return kept.size() == 1; });
    kept[0].place.request_begun();
    kept[0].place.request_begun();
    kept[0].place.request_ended();
    CHECK(h.serving->running() == 1);
    kept.clear();
    CHECK(h.serving->running() == 0);
    CHECK(h.serving->requests() == 3);
}

TEST_CASE("no protocol is changed while the server drains")
{
    house h;
    add_upgrades(h.api);
    client c = h.connect();
    client other = h.connect();
    other.say(upgrade("/up"));
    h.hear(other, "101");
    scope work{h.loop.get_executor()};
    const auto drain = [](server& s) -> awaitable<> { co_await s.drain(5s); };
    work.spawn(drain(*h.serving));
    h.loop.poll();
    c.say(upgrade("/up"));
    h.hear(c, "503 Service Unavailable");
    c.socket.reset();
    h.until([&] { return work.size() == 0; });
}

TEST_CASE("a client that speaks HTTP/2 goes to who does, in one packet or in many")
{
    const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    std::vector<taken_connection> taken;
    house h;
    add_hello(h.api);
    h.options.on_http2 = [&](taken_connection c) noexcept { taken.push_back(std::move(c)); };
    client one = h.connect();
    one.say(preface + "frames");
    h.until([&] { return taken.size() == 1; });
    CHECK(taken[0].unread == preface + "frames");
    client slow = h.connect();
    for (const char byte : preface) {
        slow.say({&byte, 1});
        h.quiet();
    }
    h.until([&] { return taken.size() == 2; });
    CHECK(taken[1].unread == preface);
    client other = h.connect();
    other.say("P");
    h.quiet();
    other.say("OST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi");
    h.hear(other, "\r\n\r\nhi");
    client wrong = h.connect();
    wrong.say("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
    h.hear(wrong, "HTTP/1.1 ");
    CHECK(taken.size() == 2);
    taken.clear();
}

TEST_CASE("without somebody who speaks it, HTTP/2 is refused")
{
    house h;
    add_hello(h.api);
    client c = h.connect();
    c.say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    h.hear(c, "HTTP/1.1 ");
    CHECK(c.has("Connection: close"));
}

TEST_CASE("a successor closes what its predecessor gave away")
{
    auto made = board::journal::create({.records = 4096, .arena_bytes = 1U << 20});
    REQUIRE(made);
    board::journal book{std::move(*made)};
    server_options own;
    own.survival.journal = &book;
    std::vector<taken_connection> kept;
    std::optional<client> c;
    int number = -1;
    {
        server_options first;
        first.survival.journal = &book;
        house h{std::move(first)};
        h.api.get("/up", [&](const request&) {
            return switch_protocols(
                "quiet", [&](taken_connection t) noexcept { kept.push_back(std::move(t)); });
        });
        c.emplace(h.connect_tcp());
        c->say(upgrade("/up"));
        h.until([&] { return kept.size() == 1; });
        number = kept[0].fd.borrow();
        CHECK(book.record(number)->state().now == board::standing::foreign);
        // It dies: nobody says goodbye, and the descriptor stays open.
        static_cast<void>(kept[0].fd.release());
    }
    house next{std::move(own)};
    next.open();
    const std::array<int, 1> found{number};
    CHECK(next.serving->adopt(found, {}) == 0);
    next.hear_end(*c);
    CHECK(book.record(number)->state().now == board::standing::free);
}

TEST_CASE("a place that is let go frees the record of its descriptor")
{
    auto made = board::journal::create({.records = 4096, .arena_bytes = 1U << 20});
    REQUIRE(made);
    board::journal book{std::move(*made)};
    server_options own;
    own.survival.journal = &book;
    std::vector<taken_connection> kept;
    house h{std::move(own)};
    h.api.get("/up", [&](const request&) {
        return switch_protocols("quiet",
                                [&](taken_connection t) noexcept { kept.push_back(std::move(t)); });
    });
    client c = h.connect();
    c.say(upgrade("/up"));
    h.until([&] { return kept.size() == 1; });
    const int number = kept[0].fd.borrow();
    CHECK(book.record(number)->state().now == board::standing::foreign);
    kept.clear();
    CHECK(book.record(number)->state().now == board::standing::free);
    h.hear_end(c);
}
