#pragma once
// Bytes through a socket that does not wait, one system call at a time.

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cohort::http {

/// What came of one step on a connection. A value.
struct transfer {
    enum class outcome : std::uint8_t {
        done,      ///< `bytes` of them, at least one (of a handshake or a goodbye: it is complete).
        readable,  ///< Nothing: again when the socket is readable ...
        writable,  ///< ... or writable. With TLS either may be asked for by a read and by a write.
        ended,     ///< The client says that nothing more comes.
        broken,    ///< The connection is of no use any more.
    };
    outcome what = outcome::broken;
    std::size_t bytes = 0;

    [[nodiscard]] bool done() const noexcept { return what == outcome::done; }
    [[nodiscard]] bool waits() const noexcept
    {
        return what == outcome::readable || what == outcome::writable;
    }
};

/// Through a plain socket.
[[nodiscard]] inline transfer plain_read(int socket, std::span<char> into) noexcept
{
    ssize_t got = 0;
    do {
        got = ::recv(socket, into.data(), into.size(), 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        return {transfer::outcome::done, static_cast<std::size_t>(got)};
    if (got == 0)
        return {transfer::outcome::ended};
    return {errno == EAGAIN ? transfer::outcome::readable : transfer::outcome::broken};
}

[[nodiscard]] inline transfer plain_write(int socket, std::string_view bytes) noexcept
{
    ssize_t gone = 0;
    do {
        gone = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    } while (gone < 0 && errno == EINTR);
    if (gone >= 0)
        return {transfer::outcome::done, static_cast<std::size_t>(gone)};
    return {errno == EAGAIN ? transfer::outcome::writable : transfer::outcome::broken};
}

}  // namespace cohort::http
