// How many connections one client may have.
#include <cohort/async/scope.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/detail/tls_test.hpp>
#include <cohort/http/takeover.hpp>

#include <doctest/doctest.h>

#include <arpa/inet.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

server_options at_most(std::size_t connections)
{
    server_options own;
    own.connections_per_client_max = connections;
    own.uncounted_clients.clear();  // all clients of these tests are nearby
    return own;
}

/// One that is taken.
client come_from(house& h, const char* address)
{
    auto [c, inside] = house::call_tcp(address);
    REQUIRE(h.serving->take(std::move(inside)));
    return std::move(c);
}

/// One that is not, and what it heard.
client refused_from(house& h, const char* address)
{
    auto [c, inside] = house::call_tcp(address);
    c.say(get("/"));
    const auto taken = h.serving->take(std::move(inside));
    REQUIRE_FALSE(taken);
    CHECK(taken.error().why() == errc::queue_full);
    inside.reset();
    h.hear_end(c);
    return std::move(c);
}

/// Opens the house. Of the one client whose connection is in `kept` then.
client give_one_away(house& h, std::vector<taken_connection>& kept)
{
    h.api.get("/up", [&kept](const request&) {
        return switch_protocols(
            "quiet", [&kept](taken_connection c) noexcept { kept.push_back(std::move(c)); });
    });
    h.open();
    client up = come_from(h, "127.0.0.2");
    up.say("GET /up HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: quiet\r\n\r\n");
    h.until([&] { return kept.size() == 1; });
    return up;
}

std::uint64_t refusals(const house& h)
{
    const auto& all = h.serving->refusals();
    const auto found = std::ranges::find(all, too_many_connections.rule, &refusal_count::rule);
    return found != all.end() ? found->times : 0;
}

peer proxied(const char* address)
{
    sockaddr_in named{};
    named.sin_family = AF_INET;
    REQUIRE(::inet_pton(AF_INET, address, &named.sin_addr) == 1);
    return peer::of(reinterpret_cast<const sockaddr*>(&named), sizeof named);
}

}  // namespace

TEST_CASE("a client that has all its connections is told so, and others are served")
{
    std::string told_of;
    server_options own = at_most(2);
    own.on_refused = [&](const refusal_entry& e) noexcept { told_of = e.from->address(); };
    house h{std::move(own)};
    add_hello(h.api);
    h.open();
    client first = come_from(h, "127.0.0.2");
    client second = come_from(h, "127.0.0.2");

    const client third = refused_from(h, "127.0.0.2");
    CHECK(third.heard.starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
    CHECK(third.has("\r\nConnection: close\r\n"));
    CHECK(third.has("\r\nDate: "));
    CHECK(third.has("Content-Type: application/problem+json\r\n"));
    CHECK(third.has(R"("detail":"the client has too many connections open")"));
    CHECK_FALSE(third.reset);
    CHECK(refusals(h) == 1);
    CHECK(told_of == "127.0.0.2");

    client other = come_from(h, "127.0.0.3");
    for (client* each : {&first, &second, &other}) {
        each->say(get("/"));
        h.hear(*each, "Hello, world");
    }
    CHECK(h.serving->connections() == 3);
    CHECK(h.serving->clients().clients() == 2);

    first.socket.reset();
    h.until([&] { return h.serving->connections() == 2; });
    client again = come_from(h, "127.0.0.2");
    again.say(get("/"));
    h.hear(again, "Hello, world");
}

TEST_CASE(
    "clients nearby are not counted unless that is wanted, and those without an address never")
{
    server_options own = at_most(1);
    own.uncounted_clients = nearby_ranges();
    house h{std::move(own)};
    add_hello(h.api);
    h.open();
    const client one = come_from(h, "127.0.0.2");
    const client two = come_from(h, "127.0.0.2");
    const client local = h.connect();
    CHECK(h.serving->connections() == 3);
    CHECK(h.serving->clients().clients() == 0);

    house strict{at_most(1)};
    add_hello(strict.api);
    const client unix_one = strict.connect();
    const client unix_two = strict.connect();
    CHECK(strict.serving->connections() == 2);
}

TEST_CASE("by default a client from far away may have 1000 connections")
{
    const server_options own;
    CHECK(own.connections_per_client_max == 1000);
    CHECK(any_contains(own.uncounted_clients, *ip_address::parse("127.0.0.1")));
    CHECK_FALSE(any_contains(own.uncounted_clients, *ip_address::parse("192.0.2.1")));
}

TEST_CASE("whom a proxy has named is counted, and not the proxy")
{
    house h{at_most(1)};
    add_hello(h.api);
    h.open();
    auto [ada, ada_inside] = house::call_tcp("127.0.0.9");
    auto [bob, bob_inside] = house::call_tcp("127.0.0.9");
    REQUIRE(h.serving->take(std::move(ada_inside), proxied("192.0.2.1")));
    REQUIRE(h.serving->take(std::move(bob_inside), proxied("192.0.2.2")));
    auto [again, again_inside] = house::call_tcp("127.0.0.9");
    CHECK_FALSE(h.serving->take(std::move(again_inside), proxied("192.0.2.1")));
    CHECK(refusals(h) == 1);
    h.until([&] {
        again.listen();
        return again.has("429");
    });
    CHECK(h.serving->clients().connections_of(*ip_address::parse("192.0.2.2")) == 1);
}

TEST_CASE("a connection that was given away counts until its place is given up")
{
    std::vector<taken_connection> kept;
    house h{at_most(1)};
    const client up = give_one_away(h, kept);
    static_cast<void>(refused_from(h, "127.0.0.2"));
    kept.clear();
    CHECK(h.serving->clients().clients() == 0);
    const client next = come_from(h, "127.0.0.2");
    CHECK(h.serving->connections() == 1);
}

TEST_CASE("a place that outlives its server, which counts clients, is given up without it")
{
    std::vector<taken_connection> kept;
    house h{at_most(1)};
    const client up = give_one_away(h, kept);
    h.stop();
    h.serving.reset();
    kept.clear();
}

TEST_CASE("connections that somebody has served already are taken over beyond the limit, and count")
{
    house h{at_most(1)};
    add_hello(h.api);
    h.open();
    std::vector<client> outside;
    for (int i = 0; i < 3; ++i) {
        auto [c, inside] = house::call_tcp("127.0.0.2");
        REQUIRE(h.serving->take_over(std::move(inside), {}));
        outside.push_back(std::move(c));
    }
    for (client& each : outside) {
        each.say(get("/"));
        h.hear(each, "Hello, world");
    }
    CHECK(h.serving->clients().connections_of(*ip_address::parse("127.0.0.2")) == 3);
    static_cast<void>(refused_from(h, "127.0.0.2"));
    outside.clear();
    h.until([&] { return h.serving->connections() == 0; });
    const client next = come_from(h, "127.0.0.2");
}

TEST_CASE("a connection that goes to another server is not counted any more")
{
    house h{at_most(1)};
    add_hello(h.api);
    h.open();
    client c = come_from(h, "127.0.0.2");
    c.say(get("/"));
    h.hear(c, "Hello, world");
    std::vector<unique_fd> gone;
    handover sink = [&](unique_fd& connection, const positions&) noexcept {
        if (h.book)
            h.book->record(connection.borrow())->commit({});
        gone.push_back(std::move(connection));
        return true;
    };
    h.serving->share(std::move(sink), 1, 5s);
    h.until([&] { return gone.size() == 1; });
    CHECK(h.serving->clients().clients() == 0);
    const client next = come_from(h, "127.0.0.2");
}

TEST_CASE("through TLS one connection too many is closed without a word")
{
    const pem_folder folder;
    tls_house h{one_certificate(folder), at_most(1)};
    add_hello(h.api);
    h.open();
    auto [first, first_inside] = house::call_tcp("127.0.0.2");
    REQUIRE(h.serving->take_tls(std::move(first_inside)));
    auto [second, second_inside] = house::call_tcp("127.0.0.2");
    CHECK(h.serving->take_tls(std::move(second_inside)).error().why() == errc::queue_full);
    second_inside.reset();
    h.hear_end(second);
    CHECK(second.heard.empty());
    CHECK(refusals(h) == 1);
    CHECK(h.serving->handshakes().failed == 0);
}
