#pragma once
// For tests: a loop with one WebSocket on it, and a client that writes and reads raw frames.

#include <cohort/async/scope.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/websocket/detail/conversation.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http::detail {

enum class opcode : std::uint8_t { more = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// One frame as it came from the server.
struct frame {
    unsigned first = 0;  // FIN, RSV, opcode
    std::string payload;

    [[nodiscard]] opcode what() const { return static_cast<opcode>(first & 0x0fU); }
    [[nodiscard]] unsigned close_code() const
    {
        if (payload.size() < 2)
            return 1005;
        return static_cast<unsigned char>(payload[0]) * 256U +
               static_cast<unsigned char>(payload[1]);
    }
};

/// `first` is the whole first byte, `mask` 0x80 or 0.
inline std::string raw_frame(unsigned first, std::string_view payload, unsigned mask = 0x80)
{
    std::string bytes;
    const auto put = [&](std::uint64_t value, unsigned count) {
        for (unsigned i = count; i-- > 0;)
            bytes += static_cast<char>(value >> (8 * i) & 0xffU);
    };
    put(first, 1);
    if (payload.size() < 126) {
        put(mask | payload.size(), 1);
    } else if (payload.size() < 65'536) {
        put(mask | 126U, 1);
        put(payload.size(), 2);
    } else {
        put(mask | 127U, 1);
        put(payload.size(), 8);
    }
    static constexpr std::string_view key = "\x37\xfa\x21\x3d";
    if (mask != 0)
        bytes += key;
    for (std::size_t i = 0; i < payload.size(); ++i)
        bytes += mask != 0 ? static_cast<char>(payload[i] ^ key[i % 4]) : payload[i];
    return bytes;
}

/// A whole message in one frame.
inline std::string frame_of(opcode what, std::string_view payload = {})
{
    return raw_frame(0x80U | static_cast<unsigned>(what), payload);
}

inline std::string close_frame(unsigned code, std::string_view reason = {})
{
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xffU)};
    return frame_of(opcode::close, payload.append(reason));
}

/// The frames in what a server has sent, whose payload is not masked.
inline std::vector<frame> frames_in(std::string_view bytes)
{
    std::vector<frame> all;
    while (bytes.size() >= 2) {
        const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
        CHECK((at(1) & 0x80U) == 0);
        std::size_t head = 2;
        std::uint64_t length = at(1);
        if (length >= 126) {
            const std::size_t more = length == 126 ? 2 : 8;
            if (bytes.size() < 2 + more)
                break;
            length = 0;
            for (std::size_t i = 0; i < more; ++i)
                length = length << 8 | at(2 + i);
            head += more;
        }
        if (bytes.size() - head < length)
            break;
        all.push_back({at(0), std::string{bytes.substr(head, length)}});
        bytes.remove_prefix(head + length);
    }
    return all;
}

/// The same with the pieces of each message joined; control frames stay where they are.
inline std::vector<frame> messages_in(std::string_view bytes)
{
    std::vector<frame> all;
    bool open = false;
    for (frame& each : frames_in(bytes)) {
        const bool last = (each.first & 0x80U) != 0;
        if (each.what() == opcode::more && open) {
            all.back().payload += each.payload;
            all.back().first |= each.first & 0x80U;
            open = !last;
        } else {
            open = !last;
            all.push_back(std::move(each));
        }
    }
    if (open)
        all.pop_back();
    return all;
}

inline awaitable<> echo(websocket& socket)
{
    while (auto message = co_await socket.read()) {
        const auto sent = co_await socket.send(*message);
        if (!sent)
            co_return;
    }
}

/// A socket after its handshake, and its client.
struct socket_house {
    explicit socket_house(websocket_talk talk = echo, websocket_options own = {},
                          std::optional<deflate_terms> deflate = {}, int buffer_bytes = 0)
    {
        REQUIRE(poller.start());
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) ==
                0);
        if (buffer_bytes != 0)
            ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
        them.socket.reset(ends[1]);
        terms.deflate = std::move(deflate);
        options = std::make_shared<const websocket_options>(std::move(own));
        what.talk = std::make_shared<const websocket_talk>(std::move(talk));
        what.target = "/socket";
        taken_connection connection{unique_fd{ends[0]}, {}, {}};
        core.emplace(message_stream::setup{std::move(connection), loop, poller, terms, *options},
                     options);
        jobs.spawn(run());
    }
    ~socket_house()
    {
        jobs.stop();
        loop.restart();
        until([&] { return jobs.size() == 0; });
        poller.stop();
        loop.run();
    }
    socket_house(const socket_house&) = delete;
    socket_house& operator=(const socket_house&) = delete;

    awaitable<> run() { return converse(*core, what); }

    void until(const std::function<bool()>& come)
    {
        const auto patience = now() + 5s;
        while (!come()) {
            REQUIRE(now() < patience);
            loop.run_one_for(5ms);
            loop.poll();
            if (them.socket.valid())
                them.listen();
        }
    }
    /// Runs until so many frames have come, and returns them all.
    std::vector<frame> hear(std::size_t count)
    {
        until([&] { return frames_in(them.heard).size() >= count; });
        return frames_in(them.heard);
    }
    /// Runs until the server has closed the connection.
    std::vector<frame> hear_end()
    {
        until([&] { return them.closed; });
        return frames_in(them.heard);
    }
    void until_gone()
    {
        until([&] { return jobs.size() == 0; });
    }

    boost::asio::io_context loop{1};
    net::poller poller{loop};
    scope jobs{loop.get_executor()};
    client them{-1};
    websocket_terms terms;
    std::shared_ptr<const websocket_options> options;
    conversation what;
    std::optional<websocket_core> core;
};

}  // namespace cohort::http::detail
