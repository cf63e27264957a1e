#include <cohort/net/kernel_position.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/net/listener.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::net;

namespace {

struct two_ends {
    unique_fd server;
    unique_fd client;
};

/// A connection through one of our own listeners, so that what it inherits is tested as well.
two_ends connection(const std::string& where, int client_buffer = 0, int server_buffer = 0)
{
    const auto endpoint = net::endpoint::parse(where);
    REQUIRE(endpoint);
    const auto listener = open_listener(*endpoint, {});
    REQUIRE(listener);
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(listener->borrow(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    if (server_buffer != 0)
        REQUIRE(::setsockopt(listener->borrow(), SOL_SOCKET, SO_RCVBUF, &server_buffer,
                             sizeof server_buffer) == 0);

    two_ends made;
    made.client.reset(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (client_buffer != 0)
        REQUIRE(::setsockopt(made.client.borrow(), SOL_SOCKET, SO_RCVBUF, &client_buffer,
                             sizeof client_buffer) == 0);
    REQUIRE(::connect(made.client.borrow(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    pollfd waiting{.fd = listener->borrow(), .events = POLLIN, .revents = 0};
    REQUIRE(::poll(&waiting, 1, 10'000) == 1);
    made.server.reset(
        ::accept4(listener->borrow(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    REQUIRE(made.server.valid());
    return made;
}

kernel_position position(const unique_fd& socket)
{
    const auto seen = read_position(socket.borrow());
    REQUIRE(seen);
    return *seen;
}

/// What the peer did arrives a moment later.
kernel_position position_when(const unique_fd& socket,
                              const std::function<bool(const kernel_position&)>& holds)
{
    const auto until = now() + seconds{10};
    kernel_position seen = position(socket);
    while (!holds(seen) && now() < until) {
        ::poll(nullptr, 0, 1);
        seen = position(socket);
    }
    CHECK(holds(seen));
    return seen;
}

bool ended(const kernel_position& at) { return at.client_ended; }
bool was_reset(const kernel_position& at) { return at.reset; }

void say(const unique_fd& socket, std::size_t bytes, int flags = 0)
{
    const std::string text(bytes, 'x');
    std::size_t sent = 0;
    while (sent < bytes) {
        const auto n =
            ::send(socket.borrow(), text.data() + sent, bytes - sent, flags | MSG_NOSIGNAL);
        REQUIRE(n > 0);
        sent += static_cast<std::size_t>(n);
    }
}

/// Takes exactly so many bytes; they may still be on their way.
void take(const unique_fd& socket, std::size_t bytes)
{
    std::string buffer(bytes, '\0');
    std::size_t taken = 0;
    while (taken < bytes) {
        pollfd waiting{.fd = socket.borrow(), .events = POLLIN, .revents = 0};
        REQUIRE(::poll(&waiting, 1, 10'000) == 1);
        const auto n = ::recv(socket.borrow(), buffer.data(), bytes - taken, 0);
        REQUIRE(n > 0);
        taken += static_cast<std::size_t>(n);
    }
}

/// Gives until the socket takes no more.
std::uint64_t fill(const unique_fd& socket)
{
    const std::string text(64 * 1024, 'y');
    std::uint64_t given = 0;
    for (;;) {
        const auto n =
            ::send(socket.borrow(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n == -1) {
            REQUIRE(errno == EAGAIN);
            return given;
        }
        given += static_cast<std::uint64_t>(n);
    }
}

void reset(unique_fd& socket)
{
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    REQUIRE(::setsockopt(socket.borrow(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    socket.reset();
}

constexpr std::array tcp_addresses{"127.0.0.1:0", "[::1]:0"};

}  // namespace

TEST_CASE("a connection just accepted has taken and given nothing")
{
    for (const char* where : tcp_addresses) {
        CAPTURE(where);
        const auto ends = connection(where);
        CHECK(position(ends.server) == kernel_position{.exact = true});
    }
}

TEST_CASE("only what was received counts as taken, whatever else has arrived")
{
    for (const char* where : tcp_addresses) {
        CAPTURE(where);
        const auto ends = connection(where);
        say(ends.client, 1000);
        CHECK(position(ends.server).taken == 0);
        take(ends.server, 400);
        CHECK(position(ends.server).taken == 400);
        say(ends.client, 50);
        CHECK(position(ends.server).taken == 400);
        take(ends.server, 650);
        CHECK(position(ends.server).taken == 1050);
        CHECK(position(ends.server).given == 0);
    }
}

TEST_CASE("what the socket took counts as given, whether the client has it or not")
{
    for (const char* where : tcp_addresses) {
        CAPTURE(where);
        const auto ends = connection(where);
        say(ends.server, 777);
        CHECK(position(ends.server).given == 777);
        take(ends.client, 777);
        CHECK(position(ends.server).given == 777);
        say(ends.server, 23);
        CHECK(position(ends.server).given == 800);
        CHECK(position(ends.server).taken == 0);
    }
}

TEST_CASE("a FIN of the client is no byte, before it is read and after")
{
    const auto ends = connection("127.0.0.1:0");
    say(ends.client, 10);
    REQUIRE(::shutdown(ends.client.borrow(), SHUT_WR) == 0);

    const auto unread = position_when(ends.server, ended);
    CHECK(unread == kernel_position{.exact = true, .client_ended = true});

    take(ends.server, 4);
    CHECK(position(ends.server).taken == 4);
    take(ends.server, 6);
    CHECK(position(ends.server).taken == 10);
    char byte = 0;
    CHECK(::recv(ends.server.borrow(), &byte, 1, 0) == 0);
    CHECK(position(ends.server).taken == 10);

    say(ends.server, 99);
    CHECK(position(ends.server).given == 99);
    CHECK_FALSE(position(ends.server).reset);
}

TEST_CASE("a FIN of ours is no byte, sent, acknowledged or answered")
{
    const auto ends = connection("127.0.0.1:0");
    say(ends.client, 3);
    take(ends.server, 3);
    say(ends.server, 500);
    REQUIRE(::shutdown(ends.server.borrow(), SHUT_WR) == 0);
    CHECK(position(ends.server) == kernel_position{.exact = true, .taken = 3, .given = 500});

    take(ends.client, 500);
    say(ends.client, 5);
    take(ends.server, 2);
    CHECK(position(ends.server) == kernel_position{.exact = true, .taken = 5, .given = 500});

    // Both have ended now: nothing more can be sent.
    REQUIRE(::shutdown(ends.client.borrow(), SHUT_WR) == 0);
    CHECK(position_when(ends.server, ended).reset);
}

TEST_CASE("our FIN behind bytes that nobody reads is no byte either")
{
    const auto ends = connection("127.0.0.1:0", 4096);
    const std::uint64_t given = fill(ends.server);
    REQUIRE(::shutdown(ends.server.borrow(), SHUT_WR) == 0);
    CHECK(position(ends.server).given == given);
    // The client ends as well while ours is still on its way: CLOSING or LAST_ACK.
    REQUIRE(::shutdown(ends.client.borrow(), SHUT_WR) == 0);
    const auto both = position_when(ends.server, ended);
    CHECK(both.given == given);
    CHECK(both.taken == 0);
    CHECK_FALSE(both.reset);
}

TEST_CASE("a reset by the client shows, with unread bytes or without")
{
    for (const std::size_t unread : {0UL, 100UL}) {
        CAPTURE(unread);
        auto ends = connection("127.0.0.1:0");
        say(ends.client, unread + 1);
        take(ends.server, 1);
        reset(ends.client);
        const auto seen = position_when(ends.server, was_reset);
        CHECK(seen.exact);
        CHECK(seen.client_ended);
    }
}

TEST_CASE("a large backlog that nobody reads is counted to the byte, in both directions")
{
    for (const char* where : tcp_addresses) {
        CAPTURE(where);
        const auto ends = connection(where);
        const std::uint64_t sent = fill(ends.client);
        const std::uint64_t given = fill(ends.server);
        REQUIRE(sent > 100'000);
        REQUIRE(given > 100'000);
        CHECK(position(ends.server) == kernel_position{.exact = true, .given = given});
        take(ends.server, 70'001);
        take(ends.client, 80'003);
        CHECK(position(ends.server) ==
              kernel_position{.exact = true, .taken = 70'001, .given = given});
    }
}

TEST_CASE("small windows change nothing")
{
    const auto ends = connection("127.0.0.1:0", 2048, 2048);
    const std::uint64_t given = fill(ends.server);
    CHECK(position(ends.server).given == given);
    const std::uint64_t sent = fill(ends.client);
    for (std::uint64_t taken = 1; taken < std::min<std::uint64_t>(sent, 3000); taken += 7) {
        take(ends.server, taken == 1 ? 1 : 7);
        REQUIRE(position(ends.server).taken == taken);
    }
    take(ends.client, given);
    CHECK(position(ends.server).given == given);
}

TEST_CASE("urgent data is part of the stream of a connection from our listeners")
{
    const auto ends = connection("127.0.0.1:0");
    say(ends.client, 5);
    say(ends.client, 1, MSG_OOB);
    say(ends.client, 5);
    CHECK(position(ends.server).taken == 0);
    take(ends.server, 5);
    CHECK(position(ends.server).taken == 5);
    take(ends.server, 1);
    CHECK(position(ends.server).taken == 6);
    take(ends.server, 5);
    CHECK(position(ends.server).taken == 11);

    // Where it is not, the kernel counts what recv() leaves out: such a socket is not exact.
    const int off = 0;
    REQUIRE(::setsockopt(ends.server.borrow(), SOL_SOCKET, SO_OOBINLINE, &off, sizeof off) == 0);
    CHECK_FALSE(position(ends.server).exact);
}

TEST_CASE("positions are exact while the peer sends and acknowledges at full speed")
{
    const auto ends = connection("127.0.0.1:0");
    std::atomic<bool> enough{false};
    std::thread sender{[&ends, &enough] {
        const std::string text(16 * 1024, 'z');
        while (!enough)
            ::send(ends.client.borrow(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }};
    std::thread receiver{[&ends, &enough] {
        std::string buffer(64 * 1024, '\0');
        while (!enough)
            ::recv(ends.client.borrow(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    }};

    std::uint64_t taken = 0;
    std::uint64_t given = 0;
    std::string buffer(9001, '\0');
    int wrong = 0;
    for (int turn = 0; turn < 20'000; ++turn) {
        if (const auto n = ::recv(ends.server.borrow(), buffer.data(), buffer.size(), 0); n > 0)
            taken += static_cast<std::uint64_t>(n);
        if (const auto n = ::send(ends.server.borrow(), buffer.data(), buffer.size(), MSG_NOSIGNAL);
            n > 0)
            given += static_cast<std::uint64_t>(n);
        const auto seen = read_position(ends.server.borrow());
        if (!seen || seen->taken != taken || seen->given != given)
            ++wrong;
    }
    enough = true;
    sender.join();
    receiver.join();
    CHECK(wrong == 0);
    CHECK(taken > 1'000'000);
    CHECK(given > 1'000'000);
}

TEST_CASE("of a Unix stream the kernel knows no positions, only ends")
{
    auto ends = connection("unix:@cohort-position-" + std::to_string(::getpid()));
    CHECK(position(ends.server) == kernel_position{});
    say(ends.client, 10);
    take(ends.server, 4);
    CHECK(position(ends.server) == kernel_position{});

    REQUIRE(::shutdown(ends.client.borrow(), SHUT_WR) == 0);
    CHECK(position(ends.server) == kernel_position{.client_ended = true});
    ends.client.reset();
    CHECK(position(ends.server) == kernel_position{.client_ended = true, .reset = true});
}

TEST_CASE("what is no connected stream socket is an error")
{
    CHECK(read_position(-1).error().why().value() == EBADF);
    const unique_fd none{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    CHECK(read_position(none.borrow()).error().why().value() == ENOTSOCK);

    const auto listener = open_listener(*endpoint::parse("127.0.0.1:0"), {});
    REQUIRE(listener);
    CHECK(read_position(listener->borrow()).error().why() == errc::bad_value);
}
