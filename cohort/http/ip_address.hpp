#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cohort::http {

/// An IP address in 17 bytes, to compare and to look up. A value.
///
/// An IPv4 address that is mapped into IPv6 ("::ffff:192.0.2.1") is that IPv4 address, so that a
/// rule for one holds for both.
class ip_address {
public:
    /// Somebody without an address: a Unix socket, a test. Shown as "local".
    constexpr ip_address() noexcept = default;

    /// Somebody whose address is hidden or not known any more. Shown as "unknown".
    static ip_address unknown() noexcept;

    /// "192.0.2.1" or "2001:db8::1": no brackets, port or zone. Nothing if `text` is none.
    static std::optional<ip_address> parse(std::string_view text) noexcept;

    /// From 4 or 16 octets in network order; other lengths are unknown().
    static ip_address from_octets(std::span<const unsigned char> octets) noexcept;

    /// Does it have 4 or 16 octets?
    [[nodiscard]] bool is_ip() const noexcept { return family_ == 4 || family_ == 6; }
    [[nodiscard]] bool is_v4() const noexcept { return family_ == 4; }
    [[nodiscard]] bool is_v6() const noexcept { return family_ == 6; }
    [[nodiscard]] bool is_local() const noexcept { return family_ == 0; }

    /// 4, 16 or no octets, in network order.
    [[nodiscard]] std::span<const unsigned char> octets() const noexcept;

    /// Its first `bits`, the others being 0: all addresses of one network give the same.
    [[nodiscard]] ip_address network(unsigned bits) const noexcept;

    [[nodiscard]] std::string text() const;

    friend bool operator==(const ip_address&, const ip_address&) = default;

private:
    std::array<unsigned char, 16> bytes_{};
    std::uint8_t family_ = 0;  // 4, 6, 0: local, 1: unknown
};

}  // namespace cohort::http
