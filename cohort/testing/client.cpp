#include <cohort/testing/client.hpp>

#include <cohort/base/parse.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstring>

namespace cohort::testing {

namespace {

int milliseconds_until(steady_time until)
{
    const auto left = std::chrono::ceil<milliseconds>(until - now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

/// Waits for readability; false when the time is up.
bool readable(int fd, steady_time until)
{
    for (;;) {
        pollfd one{fd, POLLIN, 0};
        const int ready = ::poll(&one, 1, milliseconds_until(until));
        if (ready > 0)
            return true;
        if (ready == 0 && now() >= until)
            return false;
    }
}

[[noreturn]] void give_up(literal doing, std::string what = {})
{
    throw failure{fault(last_errno(), doing, std::move(what))};
}

unique_fd connected_to(const sockaddr* address, socklen_t length)
{
    unique_fd socket{::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket.valid() || ::connect(socket.borrow(), address, length) == -1)
        give_up("connect");
    return socket;
}

}  // namespace

client::client(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socket_ = connected_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

client client::to_unix(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
    if (path.starts_with('@'))
        address.sun_path[0] = '\0';
    const auto length =
        offsetof(sockaddr_un, sun_path) + path.size() + (path.starts_with('@') ? 0 : 1);
    return client{
        connected_to(reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length))};
}

void client::send(std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto sent = ::send(socket_.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            give_up("send");
        if (sent > 0)
            bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool client::receive_some(steady_time until)
{
    if (!readable(socket_.borrow(), until)) {
        errno = ETIMEDOUT;
        give_up("receive", buffer_);
    }
    char bytes[16384];
    const auto got = ::recv(socket_.borrow(), bytes, sizeof bytes, 0);
    if (got < 0)
        give_up("receive", buffer_);
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
}

std::string client::receive_until(std::string_view end, nanoseconds budget)
{
    const auto until = now() + budget;
    for (;;) {
        if (const auto at = buffer_.find(end); at != std::string::npos) {
            std::string head = buffer_.substr(0, at + end.size());
            buffer_.erase(0, at + end.size());
            return head;
        }
        if (!receive_some(until))
            return std::exchange(buffer_, {});
    }
}

std::string client::receive_all(nanoseconds budget)
{
    const auto until = now() + budget;
    while (receive_some(until)) {
    }
    return std::exchange(buffer_, {});
}

std::string client::get(std::string_view path, nanoseconds budget)
{
    const auto until = now() + budget;
    send(fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", path));
    std::string answer = receive_until("\r\n\r\n", budget);
    std::string lower = answer;
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto at = lower.find("content-length: ");
    if (at == std::string::npos)
        return answer;
    const std::string_view rest = std::string_view{lower}.substr(at + 16);
    const auto length = parse_integer<std::size_t>(rest.substr(0, rest.find('\r'))).value_or(0);
    while (buffer_.size() < length && receive_some(until)) {
    }
    answer += buffer_.substr(0, length);
    buffer_.erase(0, length);
    return answer;
}

std::string client::body_of(std::string_view path, nanoseconds budget)
{
    const std::string answer = get(path, budget);
    const auto at = answer.find("\r\n\r\n");
    return at == std::string::npos ? answer : answer.substr(at + 4);
}

std::uint16_t port_of(const boost::json::object& line)
{
    const auto* where = line.if_contains("endpoint");
    if (where == nullptr || !where->is_string())
        return 0;
    const std::string_view text{where->as_string().data(), where->as_string().size()};
    return parse_integer<std::uint16_t>(text.substr(text.rfind(':') + 1)).value_or(0);
}

std::uint16_t free_port()
{
    unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (!socket.valid() || ::bind(socket.borrow(), generic, length) == -1 ||
        ::getsockname(socket.borrow(), generic, &length) == -1)
        give_up("find a free port");
    return ntohs(address.sin_port);
}

}  // namespace cohort::testing
