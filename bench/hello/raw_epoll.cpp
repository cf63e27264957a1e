// The limit: the least a single-threaded HTTP server can do on this kernel. It looks for the empty
// line, answers the same bytes whatever was asked, and does nothing else. Ours is measured against
// it. Usage: raw_epoll <port> [body bytes]
#include "../lib/listening.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

int main(int argc, char** argv)
{
    int port = 0;
    std::size_t body = 12;
    if (argc > 1)
        std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), port);
    if (argc > 2)
        std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), body);
    // The same bytes as Cohort's answer: Date, Content-Type, Content-Length.
    const std::string answer = "HTTP/1.1 200 OK\r\nDate: Fri, 26 Jan 2024 10:00:00 GMT\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\nContent-Length: " +
                               std::to_string(body) + "\r\n\r\n" + std::string(body, 'x');

    const int listener = bench::listen_on(static_cast<std::uint16_t>(port));
    if (listener == -1)
        return 1;

    const int set = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
    ::epoll_ctl(set, EPOLL_CTL_ADD, listener, &event);
    epoll_event batch[64];
    char bytes[16384];
    for (;;) {
        const int ready = ::epoll_wait(set, batch, 64, -1);
        for (int i = 0; i < ready; ++i) {
            const int fd = batch[i].data.fd;
            if (fd == listener) {
                event.data.fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (event.data.fd != -1)
                    ::epoll_ctl(set, EPOLL_CTL_ADD, event.data.fd, &event);
                continue;
            }
            const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
            if (got <= 0) {
                ::close(fd);
                continue;
            }
            const std::string_view request{bytes, static_cast<std::size_t>(got)};
            if (request.find("\r\n\r\n") == std::string_view::npos)
                continue;  // a benchmark's requests come whole
            ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
            if (request.find("Connection: close") != std::string_view::npos)
                ::close(fd);
        }
    }
}
