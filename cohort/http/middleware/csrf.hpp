#pragma once

#include <cohort/http/middleware.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/requester.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http {

/// Why csrf() let a request pass or not, in the order in which it asks.
enum class csrf_verdict : std::uint8_t {
    safe_method,     ///< GET, HEAD, OPTIONS, and no WebSocket handshake.
    trusted_origin,  ///< Origin is one of those you named.
    same_origin,     ///< The browser says so, or Origin is this site.
    no_browser,      ///< Neither Sec-Fetch-Site nor Origin: no browser of this decade.
    cross_site,      ///< Refused: the browser says that another site sent it.
    other_origin,    ///< Refused: Origin is another site, "null", or there are several.
};

[[nodiscard]] constexpr bool is_refusal(csrf_verdict verdict) noexcept
{
    return verdict >= csrf_verdict::cross_site;
}

/// What csrf() refused, for metrics. A resource; any thread reads and counts.
struct csrf_counts {
    std::atomic<std::uint64_t> cross_site{0};
    std::atomic<std::uint64_t> other_origin{0};
};

/// Choices for csrf(). A value.
struct csrf_options {
    /// "https://app.example.com", "https://localhost:8443": scheme, host, and the port if it is not
    /// the scheme's own. Their pages may send anything, with the cookies of your users.
    std::vector<std::string> trusted_origins = {};

    /// Where to count. Null: nowhere.
    std::shared_ptr<csrf_counts> counts = nullptr;
};

/// A note for routes that pages of every site may post to: `{.notes = {cross_origin_allowed{}}}`.
/// For those that look at no cookie.
struct cross_origin_allowed {};

/// Refuses (403) requests that change something and that a browser sends for another site: by
/// Sec-Fetch-Site, which every browser since 2023 sends and no page can set, else by Origin. Also
/// WebSocket handshakes, which are GET. No tokens, no state.
///
/// This site is what requester_of() says, so put trust_proxies() further out. Until then the host
/// alone is compared, since nobody knows whether there was TLS in front.
///
/// Throws cohort::failure (errc::bad_value) for origins that no browser would send.
[[nodiscard]] hooks csrf(csrf_options more = {});

/// The decision alone.
[[nodiscard]] csrf_verdict judge_origin(const request& of, const std::vector<std::string>& trusted);

}  // namespace cohort::http
