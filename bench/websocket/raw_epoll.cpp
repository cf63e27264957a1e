// The limit: the least a single-threaded WebSocket server can do on this kernel. One recv and one
// send for an echo, one send for each socket in the room; it believes every byte, and messages come
// whole. Ours is measured against it. Usage: raw_epoll <port>
#include "../lib/listening.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

struct responder {
    int set = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<int> room = {};                           // who hears everything
    std::vector<bool> talks = std::vector<bool>(65'536);  // by descriptor: the handshake is over
    char in[65'536];
    char out[65'536];

    void enter(int fd)
    {
        epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
        ::epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
        talks[static_cast<std::size_t>(fd)] = false;
    }

    void leave(int fd)
    {
        std::erase(room, fd);
        ::close(fd);
    }

    void shake_hands(int fd, std::string_view asked)
    {
        std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        if (asked.find("Upgrade: websocket") != std::string_view::npos) {
            talks[static_cast<std::size_t>(fd)] = true;
            if (asked.starts_with("GET /room "))
                room.push_back(fd);
            answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\n\r\n";
        }
        ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    }

    /// The same message without its mask. Returns its bytes.
    std::size_t turn_around()
    {
        const std::size_t head = (in[1] & 0x7f) == 126 ? 4 : 2;
        std::size_t bytes = static_cast<unsigned char>(in[1]) & 0x7fU;
        if (head == 4)
            bytes = static_cast<unsigned char>(in[2]) * 256U + static_cast<unsigned char>(in[3]);
        std::memcpy(out, in, head);
        out[1] = static_cast<char>(in[1] & 0x7f);
        const char* const mask = in + head;
        for (std::size_t i = 0; i < bytes; ++i)
            out[head + i] = static_cast<char>(in[head + 4 + i] ^ mask[i % 4]);
        return head + bytes;
    }

    void answer(int fd)
    {
        const ssize_t got = ::recv(fd, in, sizeof in - 8, 0);
        if (got <= 0) {
            leave(fd);
        } else if (!talks[static_cast<std::size_t>(fd)]) {
            shake_hands(fd, {in, static_cast<std::size_t>(got)});
        } else {
            const std::size_t bytes = turn_around();
            if (room.empty())
                ::send(fd, out, bytes, MSG_NOSIGNAL);
            for (const int each : room)
                ::send(each, out, bytes, MSG_NOSIGNAL);
        }
    }
};

}  // namespace

int main(int argc, char** argv)
{
    int port = 0;
    if (argc > 1)
        std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), port);
    const int listener = bench::listen_on(static_cast<std::uint16_t>(port));
    if (listener == -1)
        return 1;

    static responder all;
    all.enter(listener);
    epoll_event batch[64];
    for (;;) {
        const int ready = ::epoll_wait(all.set, batch, 64, -1);
        for (int i = 0; i < ready; ++i) {
            if (batch[i].data.fd != listener) {
                all.answer(batch[i].data.fd);
                continue;
            }
            const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd != -1)
                all.enter(fd);
        }
    }
}
