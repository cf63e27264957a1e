#pragma once

#include <cohort/base/error.hpp>
#include <cohort/http/ip_address.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http {

/// A range of addresses: "10.0.0.0/8", "2001:db8::/32", "192.0.2.7" (that one alone), or "local",
/// which is everybody without an address, as on a Unix socket. A value.
class net_range {
public:
    /// Errors: errc::bad_value, also if bits behind the prefix are set ("10.1.2.3/8"): one of the
    /// two is a mistake then.
    [[nodiscard]] static result<net_range> parse(std::string_view text);

    [[nodiscard]] bool contains(const ip_address& who) const noexcept;

    [[nodiscard]] std::string text() const;

    friend bool operator==(const net_range&, const net_range&) = default;

private:
    ip_address base_;
    std::uint8_t bits_ = 0;
};

/// All of them; besides ranges, the words "loopback" (127.0.0.0/8, ::1) and "private" (RFC 1918,
/// RFC 4193 and link-local). Errors: errc::bad_value for the first that is none.
[[nodiscard]] result<std::vector<net_range>> parse_ranges(std::span<const std::string> texts);

/// "loopback" and "private": where one's own proxies and load balancers are.
[[nodiscard]] std::vector<net_range> nearby_ranges();

[[nodiscard]] bool any_contains(std::span<const net_range> ranges, const ip_address& who) noexcept;

}  // namespace cohort::http
