#pragma once

#include <cohort/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::http {

/// Where a request goes. A value.
struct url {
    enum class scheme : std::uint8_t { http, https };
    scheme how = scheme::http;
    std::string host;  ///< Small letters; an IPv6 address without its brackets.
    std::uint16_t port = 80;
    std::string target = "/";  ///< Path and query, as they are sent.

    /// As Host says it: no port that goes without saying.
    [[nodiscard]] std::string authority() const;

    /// "https://example.org:8443": what connections are shared by.
    [[nodiscard]] std::string origin() const;

    friend bool operator==(const url&, const url&) = default;
};

/// Reads "http://host:port/path?query" and https, strictly: no user information, nothing that is to
/// be escaped and is not. A fragment is cut off: it is not sent. Errors: errc::bad_value.
/// Source: RFC 9110, 4.2; RFC 3986.
[[nodiscard]] result<url> parse_url(std::string_view text);

}  // namespace cohort::http
