#pragma once
// For tests of the server: a loop with a server on it, and clients, in one thread.

#include <cohort/async/lanes.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/server.hpp>

#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http::detail {

using namespace std::chrono_literals;

/// The server's clock in these tests; turned by hand.
inline steady_time clock_now = steady_time{} + 1h;
inline steady_time test_clock() noexcept { return clock_now; }

/// The other end of a connection: non-blocking, and it remembers what it was told.
struct client {
    explicit client(int fd)
        : socket{fd}
    {}

    void say(std::string_view bytes)
    {
        while (!bytes.empty()) {
            const ssize_t put = ::send(socket.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            REQUIRE(put > 0);
            bytes.remove_prefix(static_cast<std::size_t>(put));
        }
    }
    void listen()
    {
        std::array<char, 65'536> bytes;
        for (;;) {
            const ssize_t got = ::recv(socket.borrow(), bytes.data(), bytes.size(), 0);
            if (got > 0) {
                heard.append(bytes.data(), static_cast<std::size_t>(got));
                continue;
            }
            reset = reset || (got < 0 && errno == ECONNRESET);
            closed = closed || got == 0 || (errno != EAGAIN && errno != EINTR);
            return;
        }
    }
    [[nodiscard]] int count(std::string_view what) const
    {
        int times = 0;
        for (auto at = heard.find(what); at != std::string::npos; at = heard.find(what, at + 1))
            ++times;
        return times;
    }
    [[nodiscard]] bool has(std::string_view what) const
    {
        return heard.find(what) != std::string::npos;
    }

    unique_fd socket;
    std::string heard;
    bool closed = false;
    bool reset = false;
};

/// A loop with a server on it, in this thread.
struct house {
    explicit house(server_options own = {})
        : options{std::move(own)}
    {
        clock_now = steady_time{} + 1h;
        options.clock = &test_clock;
        // All of these tests are true for connections that are recorded, too.
        if (std::getenv("COHORT_TEST_JOURNAL") != nullptr && options.survival.journal == nullptr) {
            auto made = board::journal::create({.records = 4096, .arena_bytes = 64U << 20});
            REQUIRE(made);
            book.emplace(std::move(*made));
            options.survival.journal = &*book;
        }
        REQUIRE(poller.start());
    }
    ~house()
    {
        boost::asio::post(loop, [this] {
            if (serving)
                serving->stop();
        });
        loop.restart();
        loop.poll();
        lanes::of(loop).stop();
        poller.stop();
        loop.run();
    }
    house(const house&) = delete;
    house& operator=(const house&) = delete;

    void open()
    {
        const auto frozen = api.freeze();
        REQUIRE_MESSAGE(frozen, (frozen ? "" : frozen.error().text()));
        serving = std::make_unique<server>(loop, poller, api, std::move(options));
    }
    client connect(int buffer_bytes = 0)
    {
        if (!serving)
            open();
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) ==
                0);
        if (buffer_bytes != 0)
            ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
        REQUIRE(serving->take(unique_fd{ends[0]}));
        return client{ends[1]};
    }
    /// The same over TCP, where a connection can be reset.
    client connect_tcp()
    {
        if (!serving)
            open();
        auto [outside, inside] = call_tcp();
        REQUIRE(serving->take(std::move(inside)));
        return std::move(outside);
    }
    /// Both ends of a TCP connection that no server has taken yet, and whose client has that
    /// address of this machine.
    static std::pair<client, unique_fd> call_tcp(const char* of_client = "127.0.0.1")
    {
        const unique_fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        socklen_t length = sizeof address;
        REQUIRE(::bind(listener.borrow(), generic, length) == 0);
        REQUIRE(::listen(listener.borrow(), 1) == 0);
        REQUIRE(::getsockname(listener.borrow(), generic, &length) == 0);
        unique_fd caller{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_in from{};
        from.sin_family = AF_INET;
        REQUIRE(::inet_pton(AF_INET, of_client, &from.sin_addr) == 1);
        REQUIRE(::bind(caller.borrow(), reinterpret_cast<sockaddr*>(&from), sizeof from) == 0);
        REQUIRE(::connect(caller.borrow(), generic, length) == 0);
        REQUIRE(::fcntl(caller.borrow(), F_SETFL, O_NONBLOCK) == 0);
        unique_fd called{
            ::accept4(listener.borrow(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        return {client{caller.release()}, std::move(called)};
    }
    /// Runs the loop until `come` is true; fails after five seconds.
    void until(const std::function<bool()>& come)
    {
        const auto patience = now() + 5s;
        while (!come()) {
            REQUIRE(now() < patience);
            loop.run_one_for(5ms);
            loop.poll();
        }
    }
    void hear(client& from, std::string_view what)
    {
        until([&] {
            from.listen();
            return from.has(what);
        });
    }
    void hear_end(client& of)
    {
        until([&] {
            of.listen();
            return of.closed;
        });
    }
    /// On the loop, as it must be.
    void stop()
    {
        boost::asio::post(loop, [this] { serving->stop(); });
        loop.poll();
    }
    void quiet() { loop.run_for(3ms); }
    void later(std::chrono::seconds by)
    {
        clock_now += by;
        serving->tick();
    }

    std::optional<board::journal> book;
    boost::asio::io_context loop{1};
    net::poller poller{loop};
    router api;
    server_options options;
    std::unique_ptr<server> serving;
};

inline std::string get(std::string_view path)
{
    return "GET " + std::string{path} + " HTTP/1.1\r\nHost: test\r\n\r\n";
}

inline void add_hello(router& api)
{
    api.get("/", [](const request&) { return text("Hello, world"); });
    api.any("/echo", [](const request& r) { return text(std::string{r.body()}); });
}

}  // namespace cohort::http::detail
