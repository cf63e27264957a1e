#pragma once

#include <cohort/http/request.hpp>

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace cohort::http {

/// More pairs than that are not read: no browser sends them to one site by itself.
inline constexpr std::size_t cookies_max = 50;

/// One cookie as it was sent: not decoded, quotes not removed. Views of the field.
struct cookie_pair {
    std::string_view name;
    std::string_view value;

    friend bool operator==(const cookie_pair&, const cookie_pair&) = default;
};

/// Cuts the next pair off `rest`, the value of a Cookie field: "a=1; b=2". Pairs that are none (no
/// "=", a name that is no token, control characters) are passed over. Nothing at the end.
[[nodiscard]] std::optional<cookie_pair> next_cookie(std::string_view& rest) noexcept;

/// All cookies of a request, in order, repeated names too; the first cookies_max.
[[nodiscard]] std::vector<cookie_pair> cookies(const request& of);

/// The first cookie of that name; names are compared with case. Anybody can send anything: what
/// must be yours is signed or sealed (signed_cookies.hpp, sealed_cookies.hpp).
[[nodiscard]] std::optional<std::string_view> cookie(const request& of, std::string_view name);

}  // namespace cohort::http
