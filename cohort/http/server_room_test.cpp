// What a server does when all of its places are taken, or all room for bodies.
#include <cohort/http/body.hpp>
#include <cohort/http/detail/house_test.hpp>

#include <doctest/doctest.h>

#include <semaphore>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

std::vector<client> connect_all(house& h, std::size_t number)
{
    std::vector<client> all;
    for (std::size_t i = 0; i < number; ++i) {
        all.push_back(h.connect_tcp());
        all.back().say(get("/"));
        h.hear(all.back(), "Hello, world");
    }
    return all;
}

std::string post(std::size_t length)
{
    return "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(length) +
           "\r\n\r\n";
}

/// As much of it as the server takes.
void say_all(house& h, client& who, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t put = ::send(who.socket.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        REQUIRE((put > 0 || errno == EAGAIN));
        bytes.remove_prefix(put > 0 ? static_cast<std::size_t>(put) : 0);
        h.quiet();
    }
}

}  // namespace

TEST_CASE("when all places are taken, the connection idle for longest makes room for a newcomer")
{
    house h;
    std::size_t told = 0;
    h.options.connections_max = 3;
    h.options.on_full = [&](const crowd_entry& entry) noexcept {
        told += entry.connections == 3 ? 1 : 0;
    };
    add_hello(h.api);
    std::vector<client> idle = connect_all(h, 2);
    h.later(1s);
    idle[0].say(get("/"));  // the second one is idle for longest now
    h.until([&] {
        idle[0].listen();
        return idle[0].count("Hello, world") == 2;
    });
    CHECK(told == 0);
    h.later(5s);
    client third = h.connect_tcp();
    CHECK(told == 1);
    h.hear_end(idle[1]);
    CHECK_FALSE(idle[1].reset);
    CHECK_FALSE(h.serving->full());
    CHECK(h.serving->made_room() == 1);

    client fourth = h.connect_tcp();
    h.hear_end(idle[0]);
    CHECK(h.serving->made_room() == 2);
    for (client* each : {&third, &fourth}) {
        each->say(get("/"));
        h.hear(*each, "Hello, world");
    }
}

TEST_CASE("nobody is closed to make room who asks, is asked, or was here a moment ago")
{
    house h;
    std::binary_semaphore go{0};
    h.options.connections_max = 4;
    add_hello(h.api);
    h.api.get("/lane",
              [&](const request&) {
                  go.acquire();
                  return text("done");
              },
              {.cpu_bound = true});
    std::vector<client> all = connect_all(h, 3);
    all[0].say(get("/lane"));
    all[1].say("GET / HT");
    all[2].say(post(10'000) + std::string(9000, 'x'));
    h.until([&] { return h.serving->running() == 1; });
    h.quiet();
    h.later(4s);
    client young = h.connect_tcp();
    CHECK(h.serving->full());
    h.later(4s);
    CHECK(h.serving->full());
    CHECK(h.serving->made_room() == 0);
    // A request that the loop has not seen yet is answered.
    young.say(get("/"));
    h.later(1s);
    CHECK(h.serving->full());
    h.hear(young, "Hello, world");
    h.later(5s);
    h.hear_end(young);
    CHECK(h.serving->made_room() == 1);
    go.release();
    h.hear(all[0], "done");
    all[1].say("TP/1.1\r\nHost: t\r\n\r\n");
    h.until([&] {
        all[1].listen();
        return all[1].count("Hello, world") == 2;
    });
}

TEST_CASE("places are made in turn, so many a second and no more")
{
    house h;
    h.options.connections_max = 40;
    h.options.uncounted_clients = {};
    add_hello(h.api);
    std::vector<client> idle = connect_all(h, 39);
    h.later(10s);
    std::vector<client> newcomers;
    const auto come = [&] {
        std::size_t let_in = 0;
        while (!h.serving->full() && newcomers.size() < 60) {
            newcomers.push_back(h.connect_tcp());
            ++let_in;
        }
        return let_in;
    };
    CHECK(come() == 17);  // the place that was free, and sixteen that were made
    CHECK(h.serving->made_room() == 16);
    h.later(1s);
    CHECK(h.serving->made_room() == 17);
    CHECK(come() == 16);
}

TEST_CASE("making room can be switched off")
{
    house h;
    h.options.connections_max = 2;
    h.options.patience.keep_alive_when_full = 0s;
    add_hello(h.api);
    std::vector<client> all = connect_all(h, 2);
    for (int i = 0; i < 60; ++i)
        h.later(1s);
    CHECK(h.serving->full());
    CHECK(h.serving->made_room() == 0);
}

TEST_CASE("bodies that come have one budget, and small ones need none of it")
{
    house h;
    h.options.bodies_bytes_max = 200'000;
    h.options.limits.body_bytes_max = 150'000;
    add_hello(h.api);
    client first = h.connect();
    client second = h.connect();
    say_all(h, first, post(140'000) + std::string(130'000, 'x'));
    h.until([&] { return h.serving->bodies().bytes() >= 130'000; });
    say_all(h, second, post(100'000) + std::string(90'000, 'x'));
    h.hear(second, "503 Service Unavailable");
    CHECK(second.has("Retry-After: "));
    CHECK(second.has("Connection: close"));
    CHECK(h.serving->bodies().refused() == 1);
    CHECK(h.serving->refusals()[0].rule == "http.bodies.too-many");

    client small = h.connect();
    small.say(post(10'000) + std::string(10'000, 's'));
    h.hear(small, std::string(10'000, 's'));
    say_all(h, first, std::string(10'000, 'x'));
    h.hear(first, std::string(140'000, 'x'));
    CHECK(h.serving->bodies().bytes() == 0);
}

TEST_CASE("who holds room for bodies for long loses it to those that come faster")
{
    house h;
    h.options.bodies_bytes_max = 200'000;
    h.options.limits.body_bytes_max = 150'000;
    add_hello(h.api);
    client slow = h.connect();
    say_all(h, slow, post(140'000) + std::string(130'000, 'x'));
    h.until([&] { return h.serving->bodies().bytes() >= 130'000; });
    for (int i = 0; i < 6; ++i)
        h.later(1s);
    client fast = h.connect();
    say_all(h, fast, post(100'000) + std::string(100'000, 'f'));
    h.hear(fast, std::string(100'000, 'f'));
    h.hear(slow, "503 Service Unavailable");
    CHECK(slow.has("Retry-After: "));
    CHECK(h.serving->bodies().given_up() == 1);
    CHECK(h.serving->bodies().refused() == 0);
    CHECK(h.serving->bodies().bytes() == 0);
}

TEST_CASE("one client that fills the room for bodies makes room for others, however young it is")
{
    house h;
    h.options.bodies_bytes_max = 400'000;
    h.options.limits.body_bytes_max = 150'000;
    h.options.uncounted_clients = {};
    add_hello(h.api);
    h.open();
    const auto call = [&](const char* from) {
        auto [outside, inside] = house::call_tcp(from);
        REQUIRE(h.serving->take(std::move(inside)));
        return std::move(outside);
    };
    client honest = call("127.0.0.2");
    say_all(h, honest, post(50'000) + std::string(45'000, 'h'));
    h.until([&] { return h.serving->bodies().bytes() >= 45'000; });
    for (int i = 0; i < 6; ++i)
        h.later(1s);
    std::vector<client> crowd;
    for (std::uint64_t bytes = 45'000; bytes < 345'000; bytes += 100'000) {
        crowd.push_back(call("127.0.0.66"));
        say_all(h, crowd.back(), post(140'000) + std::string(100'000, 'c'));
        h.until([&] { return h.serving->bodies().bytes() >= bytes + 100'000; });
    }
    crowd.push_back(call("127.0.0.66"));
    say_all(h, crowd.back(), post(140'000) + std::string(100'000, 'c'));
    h.hear(crowd.back(), "503 Service Unavailable");

    client other = call("127.0.0.3");
    say_all(h, other, post(100'000) + std::string(100'000, 'o'));
    h.hear(other, std::string(100'000, 'o'));
    h.hear(crowd.front(), "503 Service Unavailable");
    say_all(h, honest, std::string(5000, 'h'));
    h.hear(honest, std::string(50'000, 'h'));
    CHECK(h.serving->bodies().given_up() == 1);
    CHECK(h.serving->bodies().clients() == 1);
}

TEST_CASE("a body that is longer than all room for bodies is too long, and takes none")
{
    house h;
    h.options.bodies_bytes_max = 100'000;
    h.options.limits.body_bytes_max = 100'000;
    h.api.post("/size", [](const request& r) { return text(std::to_string(r.body().size())); },
               {.body_max = 1'000'000});
    const auto say_head = [](std::size_t length) {
        return "POST /size HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(length) +
               "\r\n\r\n";
    };
    client old = h.connect();
    say_all(h, old, say_head(50'000) + std::string(49'000, 'x'));
    h.until([&] { return h.serving->bodies().bytes() >= 49'000; });
    for (int i = 0; i < 6; ++i)
        h.later(1s);
    client huge = h.connect();
    huge.say(say_head(100'001));
    h.hear(huge, "413 ");
    say_all(h, old, std::string(1000, 'x'));
    h.hear(old, "50000");
    client whole = h.connect();
    say_all(h, whole, say_head(100'000) + std::string(100'000, 'x'));
    h.hear(whole, "100000");
}

TEST_CASE("chunked bodies count as well, and a body counts until its request is answered")
{
    house h;
    std::binary_semaphore go{0};
    h.options.limits.body_bytes_max = 150'000;
    h.api.post("/lane",
               [&](const request& r) {
                   go.acquire();
                   return text("took " + std::to_string(r.body().size()));
               },
               {.cpu_bound = true});
    client c = h.connect();
    say_all(h, c,
            "POST /lane HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n1d4c0\r\n" +
                std::string(0x1d4c0, 'x') + "\r\n0\r\n\r\n");
    h.until([&] { return h.serving->running() == 1; });
    CHECK(h.serving->bodies().bytes() >= 0x1d4c0);
    go.release();
    h.hear(c, "took 120000");
    CHECK(h.serving->bodies().bytes() == 0);

    client leaves = h.connect();
    say_all(h, leaves,
            "POST /lane HTTP/1.1\r\nHost: t\r\nContent-Length: 150000\r\n\r\n" +
                std::string(100'000, 'x'));
    h.until([&] { return h.serving->bodies().bytes() >= 100'000; });
    leaves.socket.reset();
    h.until([&] { return h.serving->connections() == 1; });
    CHECK(h.serving->bodies().bytes() == 0);
}
