#pragma once

#include <cohort/http/ip_address.hpp>
#include <cohort/http/request.hpp>

#include <cstdint>
#include <string_view>

namespace cohort::http {

/// How the client's own connection was made, wherever it ended.
enum class scheme : std::uint8_t { http, https };

/// "http" or "https".
[[nodiscard]] constexpr std::string_view text(scheme of) noexcept
{
    return of == scheme::https ? "https" : "http";
}

/// Who asks, and what they think they asked: the one truth for logs, limits, CSRF checks and
/// redirects. A value; `host` is a view of the request's bytes.
///
/// Without trust_proxies() it is the connection's other end, whatever header fields claim.
struct requester {
    ip_address address;
    std::uint16_t port = 0;  ///< 0: not known.
    http::scheme scheme = http::scheme::http;
    std::string_view host;  ///< With its port, as a client writes it: still anything at all.
};

/// What trust_proxies() found out, else the connection itself.
[[nodiscard]] requester requester_of(const request& of);

/// The same for the scheme or the host alone; cheaper.
[[nodiscard]] scheme scheme_of(const request& of) noexcept;
[[nodiscard]] std::string_view host_of(const request& of) noexcept;

}  // namespace cohort::http
