// Requests through TLS, with OpenSSL at the other end.
#include <cohort/async/deadline.hpp>
#include <cohort/async/scope.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/detail/tls_test.hpp>
#include <cohort/http/tls/facts.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

TEST_CASE("requests are answered through TLS 1.3 and 1.2, and older versions are refused")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_hello(h.api);
    add_facts(h.api);
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        CAPTURE(version);
        const auto c =
            h.connect_tls({.server_name = "one.test", .least = version, .most = version});
        REQUIRE(c->ready);
        c->say(get("/") + get("/facts"));
        h.hear_tls(*c, version == TLS1_3_VERSION ? "TLSv1.3 one.test nobody"
                                                 : "TLSv1.2 one.test nobody");
        CHECK(c->has("Hello, world"));
    }
    CHECK(h.serving->handshakes().done == 2);
    const auto old = h.connect_tls({.least = TLS1_1_VERSION, .most = TLS1_1_VERSION});
    CHECK(!old->ready);
    CHECK(old->broken);
    CHECK(h.serving->handshakes().failed == 1);
    old->socket.reset();  // it is waited for, so that it hears why
    h.until([&] { return h.serving->connections() == 0; });
}

TEST_CASE("plain HTTP on a TLS endpoint is answered 400, and noise is closed")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_hello(h.api);
    client c{h.call()};
    c.say(get("/"));
    h.hear(c, "This port speaks TLS: use https:// instead\n");
    CHECK(c.has("HTTP/1.1 400 Bad Request\r\n"));
    h.hear_end(c);
    client noise{h.call()};
    noise.say(std::string(300, '\xff'));
    h.hear_end(noise);
    CHECK(h.serving->handshakes().failed == 2);
    CHECK(h.serving->requests() == 0);
}

TEST_CASE("on a plain endpoint nothing is attached")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_facts(h.api);
    client c = h.connect();
    c.say(get("/facts"));
    h.hear(c, "plain");
}

TEST_CASE("a handshake that does not end is cut after its time")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_hello(h.api);
    client c{h.call()};
    c.say("\x16\x03\x01");
    h.quiet();
    h.later(9s);
    CHECK(h.serving->connections() == 1);
    h.later(2s);
    CHECK(h.serving->connections() == 0);
    h.hear_end(c);
    // One that came to its end has the time of any idle connection.
    const auto fine = h.connect_tls();
    h.quiet();
    h.later(30s);
    CHECK(h.serving->connections() == 1);
    fine->say(get("/"));
    h.hear_tls(*fine, "Hello, world");
}

TEST_CASE("a connection can change its protocol under TLS")
{
    const pem_folder folder;
    std::vector<taken_connection> taken;
    tls_house h{one_certificate(folder)};
    h.api.get("/up", [&](const request&) {
        return switch_protocols(
            "x", [&](taken_connection c) noexcept { taken.push_back(std::move(c)); });
    });
    const auto c = h.connect_tls();
    c->say("GET /up HTTP/1.1\r\nHost: t\r\n\r\nearly");
    h.hear_tls(*c, "101 Switching Protocols");
    h.until([&] { return taken.size() == 1; });
    CHECK(taken[0].unread == "early");
    CHECK(taken[0].write("hello").done());
    h.hear_tls(*c, "hello");
    taken.clear();
}

TEST_CASE("large answers go out in parts, and large bodies come in")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    h.options.limits.body_bytes_max = 10'000'000;
    add_hello(h.api);
    const std::string large(3'000'000, 'z');
    h.api.get("/large", [&](const request&) { return text(large); });
    h.api.post("/count",
               [](const request& r) -> task<response> {
                   std::size_t count = 0;
                   for (;;) {
                       auto piece = co_await r.stream().read();
                       if (!piece || piece->empty())
                           break;
                       count += piece->size();
                   }
                   co_return text("counted " + std::to_string(count));
               },
               {.body = body_use::streamed});
    const auto c = h.connect_tls({}, 4096);
    c->say(get("/large") + get("/large"));
    h.until([&] {
        c->listen();
        return c->heard.size() > 6'000'000;
    });
    for (const std::string path : {"/count", "/echo"}) {
        CAPTURE(path);
        c->heard.clear();
        const std::size_t all = path == "/count" ? 2'000'000 : 500'000;
        c->say("POST " + path + " HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(all) +
               "\r\n\r\n");
        std::string rest(all, 'b');
        h.until([&] {
            const int gone = rest.empty()
                                 ? 0
                                 : SSL_write(c->ssl.get(), rest.data(),
                                             std::min(static_cast<int>(rest.size()), 40'000));
            if (gone > 0)
                rest.erase(0, static_cast<std::size_t>(gone));
            c->listen();
            return path == "/count" ? c->has("counted 2000000") : c->heard.size() > all;
        });
    }
}

TEST_CASE("what TLS holds back is read when there is room, from a handler that is slow as well")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_hello(h.api);
    h.api.post("/slow",
               [](const request& r) -> task<response> {
                   std::size_t count = 0;
                   for (;;) {
                       co_await sleep_for(1ms);
                       auto piece = co_await r.stream().read();
                       if (!piece || piece->empty())
                           break;
                       count += piece->size();
                   }
                   co_return text("counted " + std::to_string(count));
               },
               {.body = body_use::streamed});
    h.api.get("/later", [](const request&) -> task<response> {
        co_await sleep_for(5ms);
        co_return text("later");
    });
    const auto c = h.connect_tls();
    // In one record: while the first is running, nothing behind it is asked for.
    c->say(get("/later") + "POST /slow HTTP/1.1\r\nHost: t\r\nContent-Length: 15000\r\n\r\n" +
           std::string(15'000, 'b') + get("/"));
    h.hear_tls(*c, "Hello, world");
    CHECK(c->has("later"));
    CHECK(c->has("counted 15000"));
    // The same in many.
    c->heard.clear();
    c->say("POST /slow HTTP/1.1\r\nHost: t\r\nContent-Length: 150000\r\n\r\n");
    for (int turn = 0; turn < 10; ++turn)
        c->say(std::string(15'000, 'b'));
    c->say(get("/"));
    h.hear_tls(*c, "Hello, world");
    CHECK(c->has("counted 150000"));
}

TEST_CASE("who sends much at once is answered in turns, to the last request")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_hello(h.api);
    h.api.get("/last", [](const request&) { return text("the last"); });
    const auto c = h.connect_tls();
    std::string all;
    while (all.size() < 200'000)
        all += get("/");
    c->say(all + get("/last"));
    h.hear_tls(*c, "the last");
    h.quiet();
    c->say(get("/facts"));
    h.hear_tls(*c, "404 Not Found");
}

TEST_CASE("records may come one byte at a time")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_hello(h.api);
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const unique_fd middle{ends[0]};
    tls_client c{ends[1], {}};
    client outside{h.call()};
    // A wire between both that lets one byte through at a time.
    const auto carry = [&] {
        c.listen();
        std::array<char, 65'536> bytes;
        for (;;) {
            const ssize_t got = ::recv(middle.borrow(), bytes.data(), 1, 0);
            if (got <= 0)
                break;
            outside.say({bytes.data(), 1});
            h.loop.poll();
        }
        h.loop.run_one_for(1ms);
        outside.listen();
        if (!outside.heard.empty())
            REQUIRE(::send(middle.borrow(), outside.heard.data(), outside.heard.size(), 0) > 0);
        outside.heard.clear();
    };
    h.until([&] {
        carry();
        return c.ready;
    });
    c.say("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello");
    h.until([&] {
        carry();
        return c.has("\r\n\r\nhello");
    });
}

TEST_CASE("an end is said as an end, and an answer that is cut has none")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_hello(h.api);
    h.api.get("/broken", [](const request&) {
        return stream("text/plain", [](body_writer& out) -> awaitable<> {
            co_await out.write("a part");
            throw std::runtime_error{"no more"};
        });
    });
    const auto c = h.connect_tls();
    c->say("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    h.hear_end_tls(*c);
    CHECK(c->clean);
    CHECK(c->has("Hello, world"));
    const auto old = h.connect_tls();
    old->say("GET /broken HTTP/1.0\r\nHost: t\r\n\r\n");
    h.hear_end_tls(*old);
    CHECK(old->has("a part"));
    CHECK(!old->clean);
    const auto leaves = h.connect_tls();
    SSL_shutdown(leaves->ssl.get());
    h.until([&] { return h.serving->connections() == 0; });
}

TEST_CASE("drain answers what runs through TLS, and closes idle connections")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_hello(h.api);
    h.api.get("/later", [](const request&) -> task<response> {
        co_await sleep_for(30ms);
        co_return text("later");
    });
    const auto busy = h.connect_tls();
    const auto idle = h.connect_tls();
    client slow{h.call()};  // in the middle of its handshake
    busy->say(get("/later"));
    h.until([&] { return h.serving->running() == 1; });
    scope work{h.loop.get_executor()};
    std::optional<std::size_t> cut;
    const auto drain = [&]() -> awaitable<> { cut = co_await h.serving->drain(5s); };
    work.spawn(drain());
    h.hear_tls(*busy, "later");
    CHECK(busy->has("Connection: close"));
    h.hear_end_tls(*idle);
    CHECK(idle->clean);
    h.hear_end(slow);
    SSL_shutdown(busy->ssl.get());
    busy->socket.reset();
    idle->socket.reset();
    slow.socket.reset();
    h.until([&] { return cut.has_value(); });
    CHECK(*cut == 0);
}

TEST_CASE("a drain waits for a handshake that is under way, and for the request behind it")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder)};
    add_hello(h.api);
    const auto idle = h.connect_tls();
    tls_client slow{h.call(), {}};
    slow.listen();  // says the first of its words
    scope work{h.loop.get_executor()};
    std::optional<std::size_t> cut;
    const auto drain = [&]() -> awaitable<> { cut = co_await h.serving->drain(5s); };
    h.quiet();
    work.spawn(drain());
    h.hear_end_tls(*idle);
    idle->socket.reset();
    h.until([&] { return h.serving->connections() == 1; });
    slow.say(get("/"));
    h.hear_tls(slow, "Hello, world");
    CHECK(slow.has("Connection: close"));
    h.hear_end_tls(slow);
    slow.socket.reset();
    h.until([&] { return cut.has_value(); });
    CHECK(*cut == 0);
}

TEST_CASE("in a journal, connections through TLS are nobody's to go on with")
{
    auto made = board::journal::create({.records = 4096, .arena_bytes = 1U << 20});
    REQUIRE(made);
    board::journal book{std::move(*made)};
    server_options own;
    own.survival.journal = &book;
    const pem_folder folder;
    tls_house h{one_certificate(folder), std::move(own)};
    add_hello(h.api);
    const auto number_of = [&] {
        for (int each = 0; each < 200; ++each) {
            if (book.record(each)->state().now == board::standing::foreign)
                return each;
        }
        return -1;
    };
    auto c = h.connect_tls();
    CHECK(book.header().strangers.load() == 1);
    CHECK(number_of() != -1);
    c->say(get("/"));
    h.hear_tls(*c, "Hello, world");
    CHECK(number_of() != -1);
    client plain = h.connect();
    plain.say(get("/"));
    h.hear(plain, "Hello, world");
    c.reset();
    h.until([&] { return h.serving->connections() == 1; });
    CHECK(number_of() == -1);
    // Nor do they move in peace.
    const auto stays = h.connect_tls();
    int moved = 0;
    h.serving->share(
        [&](unique_fd& connection, const positions&) noexcept {
            ++moved;
            book.record(connection.borrow())->commit({});
            connection.reset();
            return true;
        },
        2, 5s);
    h.until([&] { return moved == 1; });
    stays->say(get("/"));
    h.hear_tls(*stays, "Hello, world");
}
