// What happens before a new connection is watched, and what the server knows about its client.
#include <cohort/async/deadline.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/detail/house_test.hpp>

#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <poll.h>
#include <sys/resource.h>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

std::string one_request(std::string_view path)
{
    return fmt::format("GET {} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", path);
}

/// "127.0.0.1:4711", as the client sees itself.
std::string name_of(const client& who)
{
    sockaddr_in address{};
    socklen_t length = sizeof address;
    REQUIRE(::getsockname(who.socket.borrow(), reinterpret_cast<sockaddr*>(&address), &length) ==
            0);
    return fmt::format("127.0.0.1:{}", ntohs(address.sin_port));
}

}  // namespace

TEST_CASE("a request that came before its connection was taken is answered without the poller")
{
    house h;
    add_hello(h.api);
    h.open();
    auto [c, inside] = h.call_tcp();
    c.say(one_request("/"));
    REQUIRE(h.serving->take(std::move(inside)));
    // Not one turn of the loop.
    c.listen();
    CHECK(c.has("Hello, world"));
    CHECK(c.closed);
    CHECK(h.serving->connections() == 0);
    CHECK(h.poller.events() == 0);
}

TEST_CASE("a connection whose first request is half there, or that stays open, is watched")
{
    house h;
    add_hello(h.api);
    h.open();
    auto [c, inside] = h.call_tcp();
    const std::string words = get("/");
    c.say(words.substr(0, 10));
    REQUIRE(h.serving->take(std::move(inside)));
    c.say(words.substr(10));
    h.hear(c, "Hello, world");
    c.say(words);
    h.until([&] {
        c.listen();
        return c.count("Hello, world") == 2;
    });
    c.socket.reset();
    h.until([&] { return h.serving->connections() == 0; });
}

TEST_CASE("a client that left before its connection was taken is let go")
{
    house h;
    add_hello(h.api);
    h.open();
    auto [c, inside] = h.call_tcp();
    c.socket.reset();
    REQUIRE(h.serving->take(std::move(inside)));
    CHECK(h.serving->connections() == 0);
}

TEST_CASE("without a connections_max the server is full while there are descriptors left")
{
    house h;
    add_hello(h.api);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit tight = before;
    tight.rlim_cur = 200;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    h.open();
    auto [c, inside] = h.call_tcp();
    while (!h.serving->full()) {
        auto copy = duplicate(inside);
        REQUIRE(copy);
        REQUIRE(h.serving->take(*std::move(copy)));
    }
    CHECK(h.serving->connections() == 136);
    auto one_more = duplicate(inside);
    REQUIRE(one_more);
    CHECK(h.serving->take(*std::move(one_more)).error().why() == errc::queue_full);
    CHECK(one_more->valid());
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}

TEST_CASE("a handler may stop its own server, and is not answered then")
{
    house h;
    std::string seen;
    h.api.get("/stop", [&](const request& r) {
        h.serving->stop();
        seen = r.target();
        return text("too late");
    });
    h.open();
    auto [c, inside] = h.call_tcp();
    c.say(get("/stop"));
    REQUIRE(h.serving->take(std::move(inside)));
    CHECK(seen == "/stop");
    CHECK(h.serving->connections() == 0);
    CHECK(h.serving->running() == 0);
    h.hear_end(c);
    CHECK(c.heard.empty());
}

TEST_CASE("handlers of every kind know their client, and one that asks late as well")
{
    house h;
    h.api.get("/plain", [](const request& r) { return text(r.peer().text()); });
    h.api.get("/lane", [](const request& r) { return text(r.peer().text()); }, {.cpu_bound = true});
    h.api.get("/coroutine", [](const request& r) -> task<response> {
        co_await sleep_for(1ms);
        co_return text(r.peer().text());
    });
    std::string late;
    h.api.get("/late", [&](const request& r) -> task<response> {
        co_await sleep_for(1h);  // until it is cancelled: its connection is closed
        late = r.peer().text();
        co_return text(late);
    });
    for (const std::string_view path : {"/plain", "/lane", "/coroutine"}) {
        client c = h.connect_tcp();
        c.say(get(path));
        h.hear(c, "\r\n\r\n" + name_of(c));
    }
    client c = h.connect_tcp();
    const std::string name = name_of(c);
    c.say(get("/late"));
    h.until([&] { return h.serving->running() == 1; });
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    REQUIRE(::setsockopt(c.socket.borrow(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    c.socket.reset();
    h.until([&] { return !late.empty(); });
    CHECK(late == name);

    client local = h.connect();
    local.say(get("/plain"));
    h.hear(local, "\r\n\r\nlocal");
}

TEST_CASE("a client that has reset its connection is unknown, not local")
{
    house h;
    std::string who = "nobody";
    h.api.get("/", [&](const request& r) {
        who = r.peer().text();
        return text(who);
    });
    h.open();
    auto [c, inside] = h.call_tcp();
    c.say(get("/"));
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    REQUIRE(::setsockopt(c.socket.borrow(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    c.socket.reset();
    REQUIRE(h.serving->take(std::move(inside)));
    // Linux still gives out what came before the reset.
    CHECK(who == "unknown");
    h.until([&] { return h.serving->connections() == 0; });
}

TEST_CASE("a coroutine whose client left before its first turn does not begin")
{
    house h;
    h.options.closed_half = half_close::abandoned;
    std::vector<access_end> ends;
    h.options.on_answered = [&](const access_entry& e) noexcept { ends.push_back(e.end); };
    bool begun = false;
    h.api.get("/large", [](const request&) { return text(std::string(250'000, 'z')); });
    h.api.get("/never", [&](const request&) -> task<response> {
        begun = true;
        co_await sleep_for(1h);
        co_return text("never");
    });
    client c = h.connect();
    c.say(get("/large") + get("/never"));
    h.quiet();  // the first answer fills the socket: the second request waits for it
    // All in one event: there is room for the rest of the answer, and nothing more will come.
    REQUIRE(::shutdown(c.socket.borrow(), SHUT_WR) == 0);
    c.listen();
    h.hear_end(c);
    CHECK(!begun);
    CHECK(ends == std::vector{access_end::answered, access_end::cut});
    CHECK(h.serving->running() == 0);
    CHECK(h.serving->connections() == 0);
}

TEST_CASE("a server may be destroyed while its clock's tick is queued already")
{
    house h;
    add_hello(h.api);
    client c = h.connect();
    c.say("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nx");
    h.quiet();  // a body that is on its way is looked at every second
    ::poll(nullptr, 0, 1100);
    // The loop now finds its timer over, queues the tick, and runs this first.
    boost::asio::post(h.loop, [&] { h.serving.reset(); });
    h.loop.restart();
    h.loop.run_for(20ms);
    CHECK(!h.serving);
}

TEST_CASE("the access log has every request that came to a route once, and says how it ended")
{
    house h;
    std::vector<std::string> log;
    h.options.on_answered = [&](const access_entry& e) noexcept {
        const char* const how[] = {"answered", "refused", "cut"};
        log.push_back(fmt::format("{} {} {} {}", e.target, e.status, e.body_bytes,
                                  how[static_cast<std::size_t>(e.end)]));
    };
    add_hello(h.api);
    h.api.on_handler_error([](const request&, std::string_view) noexcept {});
    h.api.get("/broken", [](const request&) {
        return stream("text/plain", [](body_writer& out) -> awaitable<> {
            const auto sent = co_await out.write("half");
            static_cast<void>(sent);
            throw std::runtime_error{"the other half is lost"};
        });
    });
    h.api.post("/small", [](const request&) { return no_content(); }, {.body_max = 4});
    h.api.get("/slow", [](const request&) -> task<response> {
        co_await sleep_for(1h);
        co_return text("never");
    });
    const auto after = [&](client c, std::string_view words, const std::string& line) {
        log.clear();
        c.say(words);
        h.hear_end(c);
        CHECK(log == std::vector{line});
    };
    constexpr std::string_view chunked =
        " HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
    after(h.connect(), one_request("/"), "/ 200 12 answered");
    after(h.connect(), get("/broken"), "/broken 200 4 cut");
    const std::string small = fmt::format("POST /small{}", chunked);
    client refused = h.connect();
    refused.say(small + "5\r\nabcde\r\n0\r\n\r\n");
    h.hear(refused, "413");
    const auto words = refused.heard.size() - (refused.heard.find("\r\n\r\n") + 4);
    CHECK(log.back() == fmt::format("/small 413 {} refused", words));

    log.clear();
    client late = h.connect();
    late.say(small + "2\r\nx");
    h.quiet();
    h.later(60s);
    h.hear(late, "408");
    REQUIRE(log.size() == 1);
    CHECK(log.back().starts_with("/small 408 "));

    log.clear();
    client gone = h.connect();
    gone.say(small + "2\r\nx");
    h.quiet();
    gone.socket.reset();
    h.until([&] { return !log.empty(); });
    CHECK(log == std::vector<std::string>{"/small 0 0 cut"});

    log.clear();
    client hasty = h.connect();
    hasty.say(get("/slow"));
    h.until([&] { return h.serving->running() == 1; });
    hasty.socket.reset();
    h.until([&] { return !log.empty(); });
    CHECK(log == std::vector<std::string>{"/slow 0 0 cut"});

    // Refused before it had a route: that is for on_refused.
    log.clear();
    client odd = h.connect();
    odd.say("GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
    h.hear(odd, "400");
    CHECK(log.empty());
}
