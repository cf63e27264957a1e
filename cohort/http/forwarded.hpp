#pragma once
// What proxies say of whom they speak for: one hop at a time, as text and nothing more. Whom to
// believe is decided in middleware/trust_proxies.hpp.

#include <cohort/http/ip_address.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cohort::http {

/// More hops than any request takes; longer lists are malformed.
inline constexpr std::size_t hops_max = 32;

/// One end of a connection as a proxy names it. A value.
struct forwarded_node {
    ip_address address = ip_address::unknown();  ///< Unknown for "unknown" and for "_hidden".
    std::uint16_t port = 0;                      ///< 0: not said.

    friend bool operator==(const forwarded_node&, const forwarded_node&) = default;
};

/// What one proxy says of the request as it came to it. Views of the field.
struct forwarded_hop {
    std::optional<forwarded_node> from;
    std::string_view scheme;  ///< Empty: not said. As written: not checked.
    std::string_view host;    ///< Empty: not said. A host and port by their form.
};

/// "192.0.2.1", "192.0.2.1:4711", "[2001:db8::1]:4711", "unknown", "_name"; also "2001:db8::1"
/// without brackets, which RFC 7239 does not know and X-Forwarded-For always has.
[[nodiscard]] std::optional<forwarded_node> parse_node(std::string_view text) noexcept;

/// All hops of some Forwarded fields, the client's first. Nothing if one is malformed, says the
/// same twice, or there are more than hops_max. Source: RFC 7239 section 4.
[[nodiscard]] std::optional<std::vector<forwarded_hop>>
parse_forwarded(std::span<const std::string_view> fields);

/// The elements of some comma-separated fields, in order. Nothing beyond hops_max.
[[nodiscard]] std::optional<std::vector<std::string_view>>
split_lists(std::span<const std::string_view> fields);

}  // namespace cohort::http
