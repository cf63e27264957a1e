#pragma once

#include <cohort/http/middleware.hpp>
#include <cohort/http/requester.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace cohort::http {

/// Which fields your proxies write. Only these are read: the others may well be the client's own
/// words, passed on.
enum class proxy_fields : std::uint8_t {
    x_forwarded,  ///< X-Forwarded-For and X-Forwarded-Proto.
    forwarded,    ///< Forwarded (RFC 7239).
};

/// Where the host comes from. `of_the_request`: Host, as for everybody. `of_the_proxy`:
/// X-Forwarded-Host, or `host=` of Forwarded. Many proxies pass the first on as clients send it,
/// which is how caches are poisoned: say so only if yours replaces or removes it.
enum class proxy_host : std::uint8_t { of_the_request, of_the_proxy };

/// What becomes of a request about which a trusted proxy says something that cannot be read.
enum class malformed_forwarding : std::uint8_t {
    refused,  ///< 400: a proxy that is set up wrongly is noticed.
    ignored,  ///< Whoever is not known by then is unknown: no proxy is taken for the client.
};

/// Choices for trust_proxies(). A value.
struct proxy_options {
    proxy_fields fields = proxy_fields::x_forwarded;
    proxy_host host = proxy_host::of_the_request;
    malformed_forwarding malformed = malformed_forwarding::refused;
};

/// Finds out who the client is behind proxies: attaches a `requester`, which requester_of() gives
/// to all who ask. Put it outermost.
///
/// Begins with the other end of the connection, and as long as that one is trusted goes on to the
/// one it names, from right to left: the first one that is not trusted is the client. What stands
/// further left is that client's own words.
///
/// @param ranges  "10.0.0.0/8", "2001:db8::1", "loopback", "private", "local" (Unix sockets): see
///                net_range. Throws cohort::failure for others.
[[nodiscard]] hooks trust_proxies(std::vector<std::string> ranges, proxy_options more = {});

/// The same for proxies whose addresses nobody knows: the nearest `count` hops are trusted, whoever
/// they are. Whoever can reach this server past the proxies can then choose an address: firewall
/// it.
[[nodiscard]] hooks trust_any_proxies(unsigned count, proxy_options more = {});

}  // namespace cohort::http
