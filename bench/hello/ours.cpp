// Cohort's HTTP room alone, as raw_epoll.cpp and the peers are run: one process, one loop, no
// primary. Usage: hello_ours <port> [journal]: with it, connections are recorded as those of a kept
// worker are. GET / answers 12 bytes, GET /json answers 4 KiB.
#include <cohort/base/parse.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/server.hpp>
#include <cohort/net/poller.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

class acceptor final : public cohort::net::watcher {
public:
    acceptor(int listener, cohort::http::server& into)
        : listener_{listener}, into_{into}
    {}

    void ready(std::uint32_t) noexcept override
    {
        cohort::unique_fd next{
            ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (next.valid())
            static_cast<void>(into_.take(std::move(next)));
    }

private:
    int listener_;
    cohort::http::server& into_;
};

cohort::unique_fd listen_on(std::uint16_t port)
{
    cohort::unique_fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    const int on = 1;
    ::setsockopt(listener.borrow(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(listener.borrow(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener.borrow(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == -1 ||
        ::listen(listener.borrow(), 511) == -1)
        listener.reset();
    return listener;
}

}  // namespace

int main(int argc, char** argv)
{
    const auto port = argc > 1 ? cohort::parse_integer<std::uint16_t>(argv[1]) : std::nullopt;
    if (!port)
        return 2;
    cohort::http::router api;
    api.get("/", [](const cohort::http::request&) { return cohort::http::text("Hello, world"); });
    const std::string document = "{\"items\":\"" + std::string(4096 - 12, 'x') + "\"}";
    api.get("/json", [&](const cohort::http::request&) {
        return cohort::http::make_response(200, "application/json", document);
    });
    const cohort::unique_fd listener = listen_on(*port);
    if (!listener.valid() || !api.freeze())
        return 1;

    boost::asio::io_context loop{1};
    cohort::net::poller poller{loop};
    if (!poller.start())
        return 1;
    std::optional<cohort::board::journal> book;
    cohort::http::server_options options;
    if (argc > 2 && std::string_view{argv[2]} == "journal") {
        auto made = cohort::board::journal::create({});
        if (!made)
            return 1;
        book.emplace(std::move(*made));
        options.survival.journal = &*book;
    }
    cohort::http::server server{loop, poller, api, std::move(options)};
    acceptor accept{listener.borrow(), server};
    if (!poller.watch(listener.borrow(), EPOLLIN, accept))
        return 1;
    loop.run();
}
