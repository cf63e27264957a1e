// A WebSocket client that costs little. Offers no compression.
// Usage: websocket_load PORT /echo CONNECTIONS MESSAGES BYTES   each sends when its last came back
//        websocket_load PORT /room CONNECTIONS MESSAGES BYTES   one sends when all have its last
// Prints how many messages it received.
#include <cohort/base/parse.hpp>
#include <cohort/base/unique_fd.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using cohort::unique_fd;

std::string masked_frame(std::size_t bytes)
{
    std::string frame = "\x82";
    if (bytes < 126) {
        frame += static_cast<char>(0x80U | bytes);
    } else {
        frame += '\xfe';
        frame += static_cast<char>(bytes >> 8);
        frame += static_cast<char>(bytes & 0xffU);
    }
    return frame + std::string(4, '\0') + std::string(bytes, 'm');
}

std::optional<unique_fd> enter(std::uint16_t port, std::string_view path)
{
    unique_fd made{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int yes = 1;
    ::setsockopt(made.borrow(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (::connect(made.borrow(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
        return std::nullopt;
    const std::string asked = fmt::format(
        "GET {} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        path);
    if (::send(made.borrow(), asked.data(), asked.size(), 0) < 0)
        return std::nullopt;
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n") && ::recv(made.borrow(), &byte, 1, 0) == 1)
        head += byte;
    if (!head.starts_with("HTTP/1.1 101"))
        return std::nullopt;
    return made;
}

struct load {
    std::uint64_t messages;   // to be sent, in all
    std::size_t frame_bytes;  // of one that comes
    bool everybody;           // gets each message
    std::string frame;
    std::vector<unique_fd> clients = {};
    std::vector<std::size_t> rest = {};  // bytes of a frame that has begun to come
    std::uint64_t sent = 0;
    std::uint64_t received = 0;

    bool say(std::size_t who)
    {
        if (sent == messages)
            return true;
        ++sent;
        return ::send(clients[who].borrow(), frame.data(), frame.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(frame.size());
    }

    bool hear(std::size_t who)
    {
        static std::array<char, 65'536> bytes;
        const ssize_t got = ::recv(clients[who].borrow(), bytes.data(), bytes.size(), 0);
        if (got <= 0)
            return false;
        rest[who] += static_cast<std::size_t>(got);
        for (; rest[who] >= frame_bytes; rest[who] -= frame_bytes) {
            ++received;
            const bool next = !everybody || received % clients.size() == 0;
            if (next && !say(everybody ? 0 : who))
                return false;
        }
        return true;
    }

    bool run()
    {
        const unique_fd set{::epoll_create1(EPOLL_CLOEXEC)};
        for (std::size_t i = 0; i < clients.size(); ++i) {
            epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
            ::epoll_ctl(set.borrow(), EPOLL_CTL_ADD, clients[i].borrow(), &event);
            if ((!everybody || i == 0) && !say(i))
                return false;
        }
        const std::uint64_t wanted = everybody ? messages * clients.size() : messages;
        std::array<epoll_event, 256> events;
        while (received < wanted) {
            const int found = ::epoll_wait(set.borrow(), events.data(), events.size(), 10'000);
            if (found <= 0)
                return false;
            for (int i = 0; i < found; ++i) {
                if (!hear(events[static_cast<std::size_t>(i)].data.u64))
                    return false;
            }
        }
        return true;
    }
};

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 6)
        return 2;
    const auto port = cohort::parse_integer<std::uint16_t>(argv[1]);
    const std::string_view path{argv[2]};
    const auto connections = cohort::parse_integer<std::size_t>(argv[3]);
    const auto messages = cohort::parse_integer<std::uint64_t>(argv[4]);
    const auto bytes = cohort::parse_integer<std::size_t>(argv[5]);
    if (!port || !connections || !messages || !bytes || *bytes > 65'535)
        return 2;
    load all{.messages = *messages,
             .frame_bytes = *bytes + (*bytes < 126 ? 2U : 4U),
             .everybody = path != "/echo",
             .frame = masked_frame(*bytes)};
    for (std::size_t i = 0; i < *connections; ++i) {
        auto made = enter(*port, path);
        if (!made)
            return 1;
        all.clients.push_back(std::move(*made));
        all.rest.push_back(0);
    }
    const bool good = all.run();
    fmt::print("{}\n", all.received);
    return good ? 0 : 1;
}
