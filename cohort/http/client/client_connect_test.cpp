// Which of a server's addresses is used, when some lead nowhere.
#include <cohort/http/client/detail/connect.hpp>

#include <cohort/async/deadline.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

using namespace cohort;
using namespace cohort::http::detail;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

tcp::endpoint at(const char* address, std::uint16_t port = 80)
{
    return {asio::ip::make_address(address), port};
}

/// An address that says nothing: its queue is full, so that the kernel drops who knocks.
struct black_hole {
    explicit black_hole(asio::io_context& loop)
        : door{loop}
    {
        door.open(tcp::v4());
        door.bind(at("127.0.0.2", 0));
        REQUIRE(::listen(door.native_handle(), 0) == 0);
        // The kernel takes one or two more than it was asked for.
        bool full = false;
        while (!full) {
            guests.emplace_back(loop);
            guests.back().open(tcp::v4());
            guests.back().non_blocking(true);
            const tcp::endpoint where = door.local_endpoint();
            // Asio's own would wait.
            static_cast<void>(::connect(guests.back().native_handle(), where.data(), where.size()));
            pollfd writable{.fd = guests.back().native_handle(), .events = POLLOUT, .revents = 0};
            full = ::poll(&writable, 1, 50) == 0;
            REQUIRE(guests.size() < 100);
        }
    }
    [[nodiscard]] tcp::endpoint where() const { return door.local_endpoint(); }

    tcp::acceptor door;
    std::vector<tcp::socket> guests;
};

/// Tries them until there is an end: who was reached.
result<tcp::endpoint> reach(asio::io_context& loop, endpoints to, connect_rules rules,
                            nanoseconds budget)
{
    tcp::socket socket{loop};
    std::optional<result<>> made;
    auto work = connect_to_first(socket, std::move(to), rules);
    asio::co_spawn(loop, with_deadline(std::move(work), budget),
                   [&](std::exception_ptr, result<> got) { made.emplace(std::move(got)); });
    loop.restart();
    loop.run();
    REQUIRE(made);
    if (!*made)
        return std::unexpected(made->error());
    return socket.remote_endpoint();
}

/// A port that nobody listens on.
tcp::endpoint closed(asio::io_context& loop)
{
    const tcp::acceptor gone{loop, at("127.0.0.1", 0)};
    return gone.local_endpoint();
}

}  // namespace

TEST_CASE("families of addresses take turns, and each keeps its order")
{
    CHECK(in_turns({}).empty());
    CHECK(in_turns({at("::1"), at("::2"), at("::3"), at("10.0.0.1"), at("10.0.0.2")}) ==
          endpoints{at("::1"), at("10.0.0.1"), at("::2"), at("10.0.0.2"), at("::3")});
    CHECK(in_turns({at("10.0.0.1"), at("::1"), at("10.0.0.2"), at("10.0.0.3")}) ==
          endpoints{at("10.0.0.1"), at("::1"), at("10.0.0.2"), at("10.0.0.3")});
}

TEST_CASE("an address that says nothing does not keep the next one from being tried")
{
    asio::io_context loop;
    const black_hole silent{loop};
    const tcp::acceptor good{loop, at("127.0.0.1", 0)};
    // The next one is tried beside it, and the rest of the time is not waited for.
    const auto got = reach(loop, {silent.where(), good.local_endpoint()}, {.head_start = 1ms}, 1h);
    REQUIRE(got);
    CHECK(*got == good.local_endpoint());
}

TEST_CASE("an address that fails gives way at once")
{
    asio::io_context loop;
    const tcp::acceptor good{loop, at("127.0.0.1", 0)};
    const auto got =
        reach(loop, {closed(loop), closed(loop), good.local_endpoint()}, {.head_start = 1h}, 1h);
    REQUIRE(got);
    CHECK(*got == good.local_endpoint());
}

TEST_CASE("when all addresses fail, or say nothing until the time is up, the caller hears so")
{
    asio::io_context loop;
    auto got = reach(loop, {closed(loop), closed(loop)}, {.head_start = 1h}, 1h);
    REQUIRE_FALSE(got);
    CHECK(got.error().why().value() == ECONNREFUSED);

    const black_hole silent{loop};
    got = reach(loop, {silent.where(), closed(loop), silent.where()}, {.head_start = 1ms}, 10ms);
    REQUIRE_FALSE(got);
    CHECK(got.error().why() == errc::deadline_passed);
}

TEST_CASE("only so many addresses are tried at a time")
{
    asio::io_context loop;
    const black_hole silent{loop};
    const tcp::acceptor good{loop, at("127.0.0.1", 0)};
    const auto got = reach(loop, {silent.where(), silent.where(), good.local_endpoint()},
                           {.head_start = 0ns, .at_once_max = 2}, 20ms);
    REQUIRE_FALSE(got);
    CHECK(got.error().why() == errc::deadline_passed);
}
