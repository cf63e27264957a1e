#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cohort::http {

/// The methods of RFC 9110 and PATCH (RFC 5789). `other` is any other token: the head knows its
/// text, and the router answers 501. Methods are case-sensitive: "get" is other.
enum class method : std::uint8_t {
    other,
    get,
    head,
    post,
    put,
    del,
    connect,
    options,
    trace,
    patch
};

/// Number of enumerators, for tables indexed by method.
inline constexpr std::size_t methods_count = 10;

/// "GET"; "DELETE" for del; empty for other.
[[nodiscard]] std::string_view text(method verb) noexcept;

/// The method that `token` spells; `other` if we do not know it.
[[nodiscard]] method parse_method(std::string_view token) noexcept;

/// GET, HEAD, OPTIONS, TRACE: nothing should change by asking. RFC 9110 section 9.2.1.
[[nodiscard]] constexpr bool safe(method verb) noexcept
{
    return verb == method::get || verb == method::head || verb == method::options ||
           verb == method::trace;
}

/// The safe ones, PUT and DELETE: asking twice is like asking once. RFC 9110 section 9.2.2.
[[nodiscard]] constexpr bool idempotent(method verb) noexcept
{
    return safe(verb) || verb == method::put || verb == method::del;
}

}  // namespace cohort::http
