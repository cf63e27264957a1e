#pragma once

#include <cohort/base/error.hpp>
#include <cohort/http/response.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace cohort::http {

/// With which requests from other sites a browser sends a cookie. strict: none. lax: only when
/// somebody follows a link. none: all of them.
enum class same_site : std::uint8_t { strict, lax, none };

/// A cookie to set, with the safe choices made: scripts do not see it, it travels over TLS alone.
///
///     set_cookie(answer, {.name = "__Host-theme", .value = "dark", .max_age = 365 * 24h});
struct new_cookie {
    /// A token. "__Host-" and "__Secure-" in front are promises that browsers keep, and that are
    /// checked here: the first binds it to this host and all of its paths.
    std::string name;

    /// Visible ASCII without quotes, commas, semicolons and backslashes. Encode what is more:
    /// nothing is escaped here, since nothing is undone when it is read.
    std::string value = {};

    std::string path = "/";

    /// Empty: this host alone. A domain means all of its subdomains, too.
    std::string domain = {};

    /// From 1 second to 400 days, more than which browsers keep nothing. Nothing: until the browser
    /// closes.
    std::optional<std::chrono::seconds> max_age = std::nullopt;

    same_site site = same_site::lax;

    /// A cookie jar for each site that embeds this one.
    bool partitioned = false;

    bool readable_by_scripts = false;      ///< Without HttpOnly.
    bool also_without_encryption = false;  ///< Without Secure.
};

/// Browsers drop what is longer: name, value and attributes together.
inline constexpr std::size_t cookie_bytes_max = 4096;

/// "theme=dark; HttpOnly; Secure; SameSite=Lax; Path=/". Errors: errc::bad_value, for what browsers
/// would refuse, cut or misread; errc::too_large, over cookie_bytes_max.
[[nodiscard]] result<std::string> cookie_line(const new_cookie& from);

/// Sets it, in place of one with the same name, domain and path that this answer sets already.
/// Throws cohort::failure with the errors of cookie_line().
void set_cookie(response& into, const new_cookie& from);

/// Has the browser forget a cookie. What counts is the name, path, domain and partition, which must
/// be those it was set with; the rest is ignored. Throws as above.
void delete_cookie(response& into, new_cookie which);

}  // namespace cohort::http
