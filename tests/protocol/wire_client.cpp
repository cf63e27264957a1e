#include "wire_client.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>
#include <cohort/http/chunk_decoder.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/process/spawn.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace cohort::protocol {

namespace {

constexpr int patience_ms = 10'000;

sockaddr* generic(sockaddr_in& address) noexcept { return reinterpret_cast<sockaddr*>(&address); }

bool is_readable(int fd, int wait_ms)
{
    pollfd what{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&what, 1, wait_ms) == 1;
}

/// The value of a field in a head, or nothing.
std::optional<std::string> field(std::string_view head, std::string_view name)
{
    while (!head.empty()) {
        const auto line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(line.size() + 2, head.size()));
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos &&
            http::equal_ignoring_case(line.substr(0, colon), name))
            return std::string{http::trim(line.substr(colon + 1))};
    }
    return std::nullopt;
}

}  // namespace

result<hello_server> hello_server::start(const std::string& program)
{
    // We open the port and hand it over: no guessing which port is free, and no waiting until the
    // server listens, since the kernel queues our connections meanwhile.
    const unique_fd door{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (!door.valid() || ::bind(door.borrow(), generic(address), size) == -1 ||
        ::listen(door.borrow(), 128) == -1 ||
        ::getsockname(door.borrow(), generic(address), &size) == -1)
        return failed("open a port for the server under test");

    process::program what;
    what.exec = program;
    what.args = {"--listen", "fd:3", "--workers", "1"};
    what.env = process::environment_with({});
    what.in = process::stdio::null();
    what.out = process::stdio::null();
    what.keep.push_back({.ours = door.borrow(), .number = 3});
    COHORT_TRY(auto permit, process::fork_permit::ask());
    COHORT_TRY(auto born, process::spawn(std::move(permit), what));
    return hello_server{std::move(born), ntohs(address.sin_port)};
}

bool hello_server::is_alive() { return !child_.try_reap().has_value(); }

std::string hello_server::stop()
{
    if (!child_.signal(SIGTERM))
        return "the signal could not be sent";
    if (!is_readable(child_.pidfd().borrow(), patience_ms))
        return "it did not end";
    return child_.wait().words();
}

result<wire_client> wire_client::connect(std::uint16_t port)
{
    unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const int on = 1;
    if (!socket.valid() || ::connect(socket.borrow(), generic(address), sizeof address) == -1 ||
        ::setsockopt(socket.borrow(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        return failed("connect to the server under test");
    return wire_client{std::move(socket)};
}

void wire_client::send(std::string_view bytes, std::size_t packet)
{
    while (!bytes.empty()) {
        const auto piece = bytes.substr(0, packet);
        const ssize_t sent = ::send(socket_.borrow(), piece.data(), piece.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool wire_client::read_more()
{
    if (ended_ || !is_readable(socket_.borrow(), patience_ms))
        return false;
    std::array<char, 16384> buffer;
    const ssize_t got = ::recv(socket_.borrow(), buffer.data(), buffer.size(), 0);
    if (got <= 0) {
        ended_ = true;
        return false;
    }
    bytes_.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
}

bool wire_client::sees_end() { return bytes_.empty() && !read_more() && ended_; }

std::optional<received> wire_client::receive_head()
{
    while (bytes_.find("\r\n\r\n") == std::string::npos) {
        if (!read_more())
            return std::nullopt;
    }
    received answer;
    const std::size_t end = bytes_.find("\r\n\r\n") + 4;
    answer.head = bytes_.substr(0, end);
    bytes_.erase(0, end);
    if (answer.head.starts_with("HTTP/1.1 ") && answer.head.size() > 12)
        answer.status = parse_integer<int>(answer.head.substr(9, 3)).value_or(0);
    return answer;
}

std::optional<received> wire_client::receive(std::string_view method)
{
    auto answer = receive_head();
    while (answer && answer->status / 100 == 1)
        answer = receive_head();
    if (!answer || method == "HEAD" || answer->status == 204 || answer->status == 304)
        return answer;
    if (!receive_body(*answer))
        return std::nullopt;
    return answer;
}

bool wire_client::receive_body(received& answer)
{
    if (const auto length = field(answer.head, "Content-Length")) {
        const auto wanted = parse_integer<std::size_t>(*length);
        while (wanted && bytes_.size() < *wanted) {
            if (!read_more())
                return false;
        }
        answer.body = bytes_.substr(0, wanted.value_or(0));
        bytes_.erase(0, answer.body.size());
        return wanted.has_value();
    }
    if (field(answer.head, "Transfer-Encoding") != "chunked") {
        while (read_more()) {
        }
        answer.body = std::move(bytes_);
        bytes_.clear();
        return ended_;
    }
    const http::limits defaults;
    http::chunk_decoder decoder{defaults};
    for (;;) {
        const auto step = decoder.decode(bytes_);
        answer.body.append(step.data);
        bytes_.erase(0, step.consumed);
        if (step.status != http::parse_status::need_more)
            return step.status == http::parse_status::done;
        if (step.consumed == 0 && !read_more())
            return false;
    }
}

}  // namespace cohort::protocol
