#pragma once

#include <array>
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

    /// "192.0.2.1", "2001:db8::1" (an IPv4 address mapped into IPv6 is shown as IPv4), or "local".
    [[nodiscard]] std::string address() const;

    /// 0 without an address.
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// "192.0.2.1:4711", "[2001:db8::1]:4711", or "local".
    [[nodiscard]] std::string text() const;

    friend bool operator==(const peer&, const peer&) = default;

private:
    enum class family : std::uint8_t { none, v4, v6 };

    std::array<unsigned char, 16> bytes_{};
    std::uint16_t port_ = 0;
    family family_ = family::none;
};

}  // namespace cohort::http
