#pragma once

#include <cohort/http/ip_address.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

struct sockaddr;

namespace cohort::http {

/// Who is at the other end of a connection, in 20 bytes. A value.
class peer {
public:
    /// Somebody without an address: a Unix socket, a test.
    peer() noexcept = default;

    /// From what accept(2) said; families other than IPv4 and IPv6 have no address.
    static peer of(const sockaddr* address, std::size_t length) noexcept;

    /// Somebody who left before anyone asked who it was. Not "local": that may be trusted.
    static peer unknown() noexcept;

    /// This program itself, or its primary: see is_own().
    static peer own() noexcept;

    [[nodiscard]] const ip_address& ip() const noexcept { return ip_; }

    /// "192.0.2.1", "2001:db8::1" (an IPv4 address mapped into IPv6 is shown as IPv4), "local"
    /// or "unknown".
    [[nodiscard]] std::string address() const { return ip_.text(); }

    /// 0 without an address.
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// The connection is a pair of sockets that was made in this program, as the primary does for
    /// its probes. No client can have one, whatever it says.
    [[nodiscard]] bool is_own() const noexcept { return own_; }

    /// "192.0.2.1:4711", "[2001:db8::1]:4711", "local" or "unknown".
    [[nodiscard]] std::string text() const;

    friend bool operator==(const peer&, const peer&) = default;

private:
    ip_address ip_;
    bool own_ = false;
    std::uint16_t port_ = 0;
};

/// Is that one end of a pair, and not accepted by a listener, whose name it would have?
[[nodiscard]] bool is_own_pair(int socket) noexcept;

/// The peer of a connection, found when somebody first asks: few do, and it is a system call. A
/// value of the connection's event loop; other threads may ask once get() has been called there.
class peer_lookup {
public:
    /// Lifetime: the descriptor, until close().
    explicit peer_lookup(int connection) noexcept
        : connection_{connection}
    {}
    explicit peer_lookup(const peer& known) noexcept
        : known_{known}
    {}

    [[nodiscard]] const peer& get() noexcept
    {
        if (connection_ != -1)
            find();
        return known_;
    }

    /// The descriptor will be closed: who has not been found by now is unknown.
    void close() noexcept;

private:
    void find() noexcept;

    peer known_;
    int connection_ = -1;  // -1: known_ is what there is to know
};

}  // namespace cohort::http
