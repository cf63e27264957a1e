#pragma once

#include <cohort/http/peer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::http {

/// Longest header that is taken: version 2 with its additions.
inline constexpr std::size_t proxy_header_bytes_max = 4096;

enum class proxy_header_status : std::uint8_t {
    need_more,  ///< Nothing is wrong so far.
    done,
    malformed,  ///< Close the connection: nothing on it can be believed.
};

/// What a load balancer says at the beginning of a connection, in place of header fields: the PROXY
/// protocol, versions 1 and 2. A value.
struct proxy_header {
    proxy_header_status status = proxy_header_status::need_more;

    /// How many bytes it takes, when done. What follows is the client's.
    std::size_t bytes = 0;

    /// Who the client is, when done. Nothing: the connection is the proxy's own (a health check),
    /// or it does not know; then its other end is who it is. Unix sockets' names are not kept:
    /// peer::unknown(), since no proxy can make somebody local.
    std::optional<peer> from = std::nullopt;
};

/// Reads the beginning of a connection, again from its first byte whenever there are more. Says
/// malformed at the first byte that cannot be part of a header.
///
/// Only for connections from addresses that are known to be proxies: anybody can write such bytes.
/// Source: haproxy.org, The PROXY protocol, versions 1 & 2, sections 2.1 to 2.2.
[[nodiscard]] proxy_header read_proxy_header(std::string_view bytes) noexcept;

}  // namespace cohort::http
