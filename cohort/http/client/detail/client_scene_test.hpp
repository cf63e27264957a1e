#pragma once
// For tests of the client: our own server, and servers that do what they are told, over TCP.

#include <cohort/async/scope.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/http/client/client.hpp>
#include <cohort/http/detail/house_test.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::http::detail {

using asio::ip::tcp;

/// What a scripted server does when it has read the head of a request.
struct reply {
    std::string bytes = {};
    enum class then : std::uint8_t { stay, close, reset } after = then::stay;
};

inline std::string plain(std::string_view body, std::string_view status = "200 OK",
                         std::string_view fields = {})
{
    return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), fields,
                       body);
}

/// A loop with servers and clients on it.
class client_scene {
public:
    using script = std::function<reply(const std::string& head)>;

    client_scene() = default;
    ~client_scene()
    {
        finish();
        close_idle();
    }
    client_scene(const client_scene&) = delete;
    client_scene& operator=(const client_scene&) = delete;

    /// Ends all servers and calls.
    void finish()
    {
        tasks.stop();
        for (auto& each : doors_)
            each->close();
        h.until([this] { return tasks.size() == 0; });
    }

    /// A client whose connections are closed before the loop goes.
    void look_after(const http::client& one) { clients_.push_back(one); }
    void close_idle()
    {
        scope last{h.loop.get_executor()};
        for (http::client& each : clients_)
            last.spawn(each.close_idle());
        h.until([&last] { return last.size() == 0; });
    }

    /// Our own server, on a port; routes are registered before.
    std::string serve()
    {
        h.open();
        return open([this](tcp::socket one) { return hand_over(std::move(one), *h.serving); });
    }

    /// A server that says what it is told.
    std::string serve(script says)
    {
        auto kept = std::make_shared<script>(std::move(says));
        scripts_.push_back(kept);
        return open([this, kept](tcp::socket one) { return talk(std::move(one), *kept); });
    }

    template <class T>
    T run(awaitable<T> work)
    {
        std::optional<T> got;
        tasks.spawn(keep(std::move(work), got));
        h.until([&got] { return got.has_value(); });
        return std::move(*got);
    }

    house h;
    scope tasks{h.loop.get_executor()};
    std::size_t accepted = 0;
    std::vector<std::string> heads;

private:
    using taker = std::function<awaitable<>(tcp::socket)>;

    template <class T>
    static awaitable<> keep(awaitable<T> work, std::optional<T>& into)
    {
        T got = co_await std::move(work);
        into.emplace(std::move(got));
    }

    std::string open(taker take)
    {
        const tcp::endpoint anywhere{boost::asio::ip::address_v4::loopback(), 0};
        doors_.push_back(std::make_unique<tcp::acceptor>(h.loop, anywhere));
        takers_.push_back(std::make_unique<taker>(std::move(take)));
        tasks.spawn(accept(*doors_.back(), *takers_.back()));
        return fmt::format("http://127.0.0.1:{}", doors_.back()->local_endpoint().port());
    }

    static awaitable<> hand_over(tcp::socket one, server& to)
    {
        one.set_option(tcp::no_delay{true});
        one.native_non_blocking(true);  // as accepted sockets of workers are
        CHECK(to.take(unique_fd{one.release()}));
        co_return;
    }

    awaitable<> accept(tcp::acceptor& door, const taker& take)
    {
        const auto stop = co_await asio::this_coro::cancellation_state;
        while (!stopped(stop)) {
            auto [why, one] = co_await door.async_accept(use_tuple);
            if (why)
                co_return;
            ++accepted;
            tasks.spawn(take(std::move(one)));
        }
    }

    awaitable<> talk(tcp::socket one, const script& says)
    {
        const auto stop = co_await asio::this_coro::cancellation_state;
        std::string bytes;
        while (!stopped(stop)) {
            auto into = boost::asio::dynamic_buffer(bytes);
            const auto [why, size] =
                co_await boost::asio::async_read_until(one, into, "\r\n\r\n", use_tuple);
            if (why)
                co_return;
            const std::string head = bytes.substr(0, size);
            bytes.erase(0, size);
            heads.push_back(head);
            const reply next = says(head);
            const auto [failed, put] =
                co_await boost::asio::async_write(one, boost::asio::buffer(next.bytes), use_tuple);
            if (failed || next.after == reply::then::close)
                co_return;
            if (next.after == reply::then::reset) {
                one.set_option(boost::asio::socket_base::linger{true, 0});
                co_return;
            }
        }
    }

    std::vector<std::unique_ptr<tcp::acceptor>> doors_;
    std::vector<std::unique_ptr<taker>> takers_;
    std::vector<std::shared_ptr<script>> scripts_;
    std::vector<http::client> clients_;  // copies are one client
};

}  // namespace cohort::http::detail
