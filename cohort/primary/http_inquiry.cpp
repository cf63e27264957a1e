#include <cohort/primary/http_inquiry.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
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

using namespace std::chrono_literals;

namespace {

constexpr std::string_view example = "HTTP/1.1 200";

using stream = asio::generic::stream_protocol::socket;

constexpr std::string_view last_words = "\r\n";
constexpr nanoseconds look_again = 20ms;
constexpr nanoseconds silence_at_first = 1s;

/// Without the last two bytes of it.
std::string question_for(std::string_view path)
{
    return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: cohort\r\n"
                       "Connection: close\r\n",
                       path);
}

/// `whom` is only for words.
awaitable<result<int>> hear(stream& socket, std::string whom)
{
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

awaitable<result<>> say(stream& socket, std::string question, std::string whom)
{
    const auto words = asio::buffer(question);
    auto [unsent, sent] = co_await asio::async_write(socket, words, use_tuple);
    if (unsent)
        co_return std::unexpected(fault(unsent, "ask", whom));
    co_return result<>{};
}

awaitable<result<int>> ask_over(stream& socket, std::string path, std::string whom)
{
    std::string question = question_for(path);
    question += last_words;
    auto saying = say(socket, std::move(question), whom);
    COHORT_CO_TRY(co_await std::move(saying));
    auto answering = hear(socket, std::move(whom));
    auto answer = co_await std::move(answering);
    co_return answer;
}

awaitable<result<>> reach(stream& socket, net::endpoint where)
{
    // Every address of this machine: one of them is enough.
    if (where.host() == "*")
        where = net::endpoint::internet(where.kind(), "127.0.0.1", where.port());
    COHORT_CO_TRY(const auto address, net::to_socket_address(where));
    const asio::generic::stream_protocol::endpoint peer{address.get(), address.length};
    auto [refused] = co_await socket.async_connect(peer, use_tuple);
    if (refused)
        co_return std::unexpected(fault(refused, "ask", where.text()));
    co_return result<>{};
}

awaitable<result<int>> ask(net::endpoint where, std::string path)
{
    const auto executor = co_await asio::this_coro::executor;
    stream socket{executor};
    auto way = reach(socket, where);
    COHORT_CO_TRY(co_await std::move(way));
    auto question = ask_over(socket, std::move(path), where.text());
    auto answer = co_await std::move(question);
    co_return answer;
}

awaitable<result<int>> ask_one(net::endpoint where, std::string path, hearing heard)
{
    const auto executor = co_await asio::this_coro::executor;
    const auto stop = co_await asio::this_coro::cancellation_state;
    stream socket{executor};
    auto way = reach(socket, where);
    COHORT_CO_TRY(co_await std::move(way));
    COHORT_CO_TRY(const auto ours, net::local_endpoint(socket.native_handle()));
    std::string rest = question_for(path) + std::string{last_words};
    const steady_time silent_until = now() + silence_at_first;
    // Deadline: the caller's.
    std::optional<bool> meant = heard(ours.port());
    while (!meant && !stopped(stop)) {
        co_await sleep_for(look_again);
        meant = heard(ours.port());
        if (meant || now() < silent_until || rest == last_words)
            continue;
        // A socket with TCP_DEFER_ACCEPT gives away nobody who says nothing.
        rest = last_words;
        auto beginning = say(socket, question_for(path), where.text());
        COHORT_CO_TRY(co_await std::move(beginning));
    }
    // Whoever has it waits for this: nobody answers, and hangs up, before we know who it is.
    auto end = say(socket, std::move(rest), where.text());
    COHORT_CO_TRY(co_await std::move(end));
    auto answering = hear(socket, where.text());
    auto answer = co_await std::move(answering);
    if (answer && !meant.value_or(false))
        co_return failed(errc::no_such_worker, "be heard by one of those at", where.text());
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

awaitable<result<int>> ask_one_over_http(net::endpoint where, std::string path, hearing heard,
                                         nanoseconds budget)
{
    auto question = ask_one(std::move(where), std::move(path), std::move(heard));
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
