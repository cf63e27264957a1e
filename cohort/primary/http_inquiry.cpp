#include <cohort/primary/http_inquiry.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>
#include <cohort/net/socket_address.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

#include <array>
#include <utility>

namespace cohort::primary {

namespace {

constexpr std::string_view example = "HTTP/1.1 200";

using stream = asio::generic::stream_protocol::socket;

/// `whom` is only for words.
awaitable<result<int>> ask_over(stream& socket, std::string path, std::string whom)
{
    const std::string question =
        fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: cohort\r\n"
                    "Connection: close\r\n\r\n",
                    path);
    const auto words = asio::buffer(question);
    auto [unsent, sent] = co_await asio::async_write(socket, words, use_tuple);
    if (unsent)
        co_return std::unexpected(fault(unsent, "ask", whom));
    std::array<char, example.size()> answer{};
    const auto into = asio::buffer(answer);
    auto [unread, got] = co_await asio::async_read(socket, into, use_tuple);
    if (unread)
        co_return std::unexpected(fault(unread, "hear an answer of", whom));
    const auto status = status_of({answer.data(), got});
    if (!status)
        co_return failed(errc::malformed, "hear an answer of", whom);
    co_return *status;
}

awaitable<result<int>> ask(net::endpoint where, std::string path)
{
    // Every address of this machine: one of them is enough.
    if (where.host() == "*")
        where = net::endpoint::internet(where.kind(), "127.0.0.1", where.port());
    COHORT_CO_TRY(const auto address, net::to_socket_address(where));
    const auto executor = co_await asio::this_coro::executor;
    stream socket{executor};
    const asio::generic::stream_protocol::endpoint peer{address.get(), address.length};
    auto [refused] = co_await socket.async_connect(peer, use_tuple);
    if (refused)
        co_return std::unexpected(fault(refused, "ask", where.text()));
    auto question = ask_over(socket, std::move(path), where.text());
    auto answer = co_await std::move(question);
    co_return answer;
}

awaitable<result<int>> ask_that(unique_fd connection, std::string path)
{
    const auto executor = co_await asio::this_coro::executor;
    stream socket{executor};
    error_code refused;
    const asio::generic::stream_protocol protocol{AF_UNIX, 0};
    socket.assign(protocol, connection.borrow(), refused);
    if (refused)
        co_return std::unexpected(fault(refused, "use a connection"));
    static_cast<void>(connection.release());
    auto question = ask_over(socket, std::move(path), "a worker");
    auto answer = co_await std::move(question);
    co_return answer;
}

}  // namespace

std::optional<int> status_of(std::string_view answer) noexcept
{
    constexpr std::string_view version = "HTTP/1.";
    if (answer.size() < example.size() || !answer.starts_with(version) ||
        (answer[7] != '0' && answer[7] != '1') || answer[8] != ' ')
        return std::nullopt;
    const auto status = parse_integer<int>(answer.substr(9, 3));
    return status && *status >= 100 && *status <= 599 ? status : std::nullopt;
}

awaitable<result<int>> ask_over_http(net::endpoint where, std::string path, nanoseconds budget)
{
    auto question = ask(std::move(where), std::move(path));
    auto answer = co_await with_deadline(std::move(question), budget);
    co_return answer;
}

awaitable<result<int>> ask_over_connection(unique_fd connection, std::string path,
                                           nanoseconds budget)
{
    auto question = ask_that(std::move(connection), std::move(path));
    auto answer = co_await with_deadline(std::move(question), budget);
    co_return answer;
}

}  // namespace cohort::primary
