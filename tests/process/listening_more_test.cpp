// Listening in workers: descriptors, exclusive and private sockets, IPv6 alone, the backlog, and
// datagrams.

#include "puppet_show.hpp"

#include <cohort/net/listener.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::testing;

namespace {

/// A UDP socket of the test's, connected, so that only answers from that very address are heard.
struct datagram_client {
    explicit datagram_client(std::string_view where)
    {
        const auto address = net::to_socket_address(net::endpoint::parse(where).value()).value();
        socket = unique_fd{::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        REQUIRE(::connect(socket.borrow(), address.get(), address.length) == 0);
    }
    /// Datagrams may be lost, also on a loopback that is busy: then it asks again.
    std::string ask(const std::string& words)
    {
        for (int attempt = 0; attempt < 30; ++attempt) {
            REQUIRE(::send(socket.borrow(), words.data(), words.size(), 0) != -1);
            pollfd wait{.fd = socket.borrow(), .events = POLLIN, .revents = 0};
            if (::poll(&wait, 1, 1000) != 1)
                continue;
            std::string room(256, '\0');
            const auto got = ::recv(socket.borrow(), room.data(), room.size(), 0);
            if (got > 0)
                return room.substr(0, static_cast<std::size_t>(got));
        }
        return {};
    }
    unique_fd socket;
};

std::string udp_at(const boost::json::object& bound)
{
    return "udp://127.0.0.1:" + std::to_string(bound.at("port").as_int64());
}

bool says_worker(const std::string& line) { return line.starts_with("worker "); }

}  // namespace

TEST_CASE("fd:N is a descriptor of the primary, and every worker can serve it")
{
    for (const std::string balance : {"balanced", "round_robin"}) {
        CAPTURE(balance);
        puppet_show show{{"--balance", balance}};
        const auto first = show.fork();
        const auto own = show.ask(0, {{"do", "open_descriptor"}});
        REQUIRE(error_of(own).empty());
        const auto second = show.fork();
        const std::string number = "fd:" + std::to_string(own.at("descriptor").as_int64());
        const auto one = show.listen(first, number);
        REQUIRE(error_of(one) == "");
        CHECK(one.at("port") == own.at("port"));
        REQUIRE(error_of(show.listen(second, number)) == "");
        CHECK(show.listen(second, number).at("code").as_int64() == EADDRINUSE);
        show.close(first, one);
        CHECK(greeting_of(where_of(one)) == "worker 2");

        const auto none = show.listen(first, "fd:250");
        CHECK(none.at("code").as_int64() == EBADF);
    }
}

TEST_CASE("an exclusive address belongs to one worker, and port 0 gives each a port of its own")
{
    puppet_show show;
    const auto first = show.fork();
    const auto second = show.fork();
    const auto one = show.listen(first, "tcp://127.0.0.1:0", {{"exclusive", true}});
    const std::string where = where_of(one);
    CHECK(greeting_of(where) == "worker 1");
    CHECK(show.listen(second, where, {{"exclusive", true}}).at("code").as_int64() == EADDRINUSE);
    CHECK(show.listen(second, where).at("code").as_int64() == EADDRINUSE);
    const auto other = show.listen(second, "tcp://127.0.0.1:0", {{"exclusive", true}});
    CHECK(where_of(other) != where);
    CHECK(greeting_of(where_of(other)) == "worker 2");

    // It ends with its worker.
    show.kill(first);
    CHECK_FALSE(is_reachable(where));
    CHECK(error_of(show.listen(second, where, {{"exclusive", true}})).empty());
}

TEST_CASE("reuse_port gives each worker a socket of its own on one port")
{
    puppet_show show;
    const auto first = show.fork();
    const auto second = show.fork();
    const auto one = show.listen(first, "tcp://127.0.0.1:0", {{"reuse_port", true}});
    const std::string where = where_of(one);
    CHECK(show.listen(second, where).at("code").as_int64() == EADDRINUSE);
    REQUIRE(error_of(show.listen(second, where, {{"reuse_port", true}})).empty());
    show.close(first, one);
    CHECK(greeting_of(where) == "worker 2");
}

TEST_CASE("[::] serves IPv4 too unless it is asked to be IPv6 alone")
{
    for (const std::string balance : {"balanced", "round_robin"}) {
        CAPTURE(balance);
        puppet_show show{{"--balance", balance}};
        const auto first = show.fork();
        const auto second = show.fork();
        const auto both = show.listen(first, "tcp://*:0");
        const std::string port = std::to_string(both.at("port").as_int64());
        CHECK(says_worker(greeting_of("tcp://127.0.0.1:" + port)));
        CHECK(says_worker(greeting_of("tcp://[::1]:" + port)));

        const auto alone = show.listen(first, "tcp://[::]:0", {{"v6_only", true}});
        const std::string six = std::to_string(alone.at("port").as_int64());
        CHECK(says_worker(greeting_of("tcp://[::1]:" + six)));
        CHECK_FALSE(is_reachable("tcp://127.0.0.1:" + six));
        // The IPv4 port of the same number is free for others.
        CHECK(error_of(show.listen(second, "tcp://0.0.0.0:" + six)).empty());
        CHECK(greeting_of("tcp://127.0.0.1:" + six) == "worker 2");
    }
}

TEST_CASE("the backlog is the largest that any worker asked for")
{
    puppet_show show;
    const auto first = show.fork();
    const auto second = show.fork();
    const auto one = show.listen(first, "tcp://127.0.0.1:0", {{"backlog", 17}});
    const auto port = one.at("port").as_int64();
    CHECK(show.ask(0, {{"do", "backlog"}, {"port", port}}).at("backlog").as_int64() == 17);
    REQUIRE(error_of(show.listen(second, where_of(one), {{"backlog", 33}})).empty());
    CHECK(show.ask(0, {{"do", "backlog"}, {"port", port}}).at("backlog").as_int64() == 33);
    const auto third = show.fork();
    REQUIRE(error_of(show.listen(third, where_of(one), {{"backlog", 5}})).empty());
    CHECK(show.ask(0, {{"do", "backlog"}, {"port", port}}).at("backlog").as_int64() == 33);
}

TEST_CASE("a worker killed while it listens leaves the endpoint to the others")
{
    for (const std::string balance : {"balanced", "round_robin"}) {
        CAPTURE(balance);
        puppet_show show{{"--balance", balance}};
        const auto first = show.fork();
        const auto second = show.fork();
        const std::string where = where_of(show.listen(first, "tcp://127.0.0.1:0"));
        REQUIRE(error_of(show.listen(second, where)).empty());
        show.kill(first);
        for (int i = 0; i < 8; ++i)
            CHECK(greeting_of(where) == "worker 2");
        const auto third = show.fork();
        CHECK(error_of(show.listen(third, where)).empty());
    }
}

TEST_CASE("4 workers share a UDP port and answer from it; who closes leaves it to the others")
{
    puppet_show show;
    std::vector<std::int64_t> workers;
    std::vector<boost::json::object> bound;
    for (int i = 0; i < 4; ++i) {
        workers.push_back(show.fork());
        bound.push_back(show.bind_udp(workers.back(), "udp://127.0.0.1:0"));
        REQUIRE(error_of(bound.back()) == "");
        CHECK(bound.back().at("port") == bound.front().at("port"));
    }
    const std::string where = udp_at(bound.front());
    for (int i = 0; i < 50; ++i) {
        const std::string words = "datagram " + std::to_string(i);
        CHECK(datagram_client{where}.ask(words).ends_with(words));
    }
    // The kernel decides who reads; everybody can, when the others do not.
    for (std::size_t left = 4; left > 1; --left) {
        show.close(workers[left - 1], bound[left - 1]);
        CHECK(datagram_client{where}.ask("x").starts_with("worker "));
    }
    CHECK(datagram_client{where}.ask("x") == "worker 1 x");
    const auto again = show.bind_udp(workers[3], where);
    REQUIRE(error_of(again) == "");
    show.close(workers[0], bound[0]);
    CHECK(datagram_client{where}.ask("x") == "worker 4 x");
}

TEST_CASE("the port that a worker got from UDP port 0 can be bound by its number")
{
    // nodejs known_issues/test-dgram-bind-shared-ports-after-port-0: fails there.
    puppet_show show;
    const auto first = show.fork();
    const auto second = show.fork();
    const auto one = show.bind_udp(first, "udp://127.0.0.1:0");
    const auto other = show.bind_udp(second, udp_at(one));
    CHECK(error_of(other) == "");
    for (int cycle = 0; cycle < 3; ++cycle) {
        const auto more = show.bind_udp(first, "udp://127.0.0.1:0");
        CHECK(more.at("port") != one.at("port"));
        show.close(first, more);
    }
}

TEST_CASE("UDP: exclusive is private, errors are said in words, and fd:N can be bound")
{
    puppet_show show;
    const auto first = show.fork();
    const auto second = show.fork();
    const auto own = show.bind_udp(first, "udp://127.0.0.1:0", {{"exclusive", true}});
    REQUIRE(error_of(own) == "");
    const auto refused = show.bind_udp(second, udp_at(own));
    CHECK(refused.at("code").as_int64() == EADDRINUSE);
    CHECK(error_of(refused).find(udp_at(own)) != std::string::npos);
    show.close(first, own);
    CHECK(error_of(show.bind_udp(second, udp_at(own))) == "");
    CHECK_FALSE(error_of(show.bind_udp(first, "tcp://127.0.0.1:0")).empty());

    const auto opened = show.ask(0, {{"do", "open_descriptor"}, {"datagrams", true}});
    const auto number = "fd:" + std::to_string(opened.at("descriptor").as_int64());
    for (const auto id : {first, second}) {
        const auto bound = show.bind_udp(id, number);
        REQUIRE(error_of(bound) == "");
        CHECK(bound.at("port") == opened.at("port"));
    }
    CHECK(datagram_client{udp_at(opened)}.ask("x").starts_with("worker "));
}

TEST_CASE("an address that cannot be had is said once, before any worker is started")
{
    const unique_fd taken =
        net::open_listener(net::endpoint::internet(net::endpoint::family::tcp, "127.0.0.1", 0))
            .value();
    const std::string busy = net::local_endpoint(taken.borrow()).value().text();
    for (const std::string& where :
         {busy, std::string{"fd:9"}, std::string{"unix:/nonexistent/x.sock"}})
    {
        launch how;
        how.exec = PROCESS_PROGRAMS "api";
        how.args = {"--bind", where, "-w", "2"};
        running_program app{how};
        CHECK(app.wait().code() == 7);
        const auto names_it = [&](const std::string& line) {
            return line.find("listen on " + where) != std::string::npos;
        };
        CHECK_MESSAGE(std::ranges::count_if(app.lines(), names_it) == 1, where);
    }
}
