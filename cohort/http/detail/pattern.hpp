#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http::detail {

/// One piece of a pattern between two slashes: text, {parameter}, or {rest...}.
struct pattern_segment {
    enum class kind : std::uint8_t { text, parameter, rest };
    kind is;
    std::string words;  // the text, or the parameter's name
};

/// Cuts "/users/{id}" into its segments. "/" has one, empty; so has what follows a final slash.
/// Errors: what is wrong with it, for the programmer: "braces must enclose a whole segment".
[[nodiscard]] std::expected<std::vector<pattern_segment>, std::string>
parse_pattern(std::string_view text);

/// The pattern of a route inside a group: "/v1" + "/users", "/" + "/users", "/v1" + "".
[[nodiscard]] std::string join_pattern(std::string_view prefix, std::string_view rest);

}  // namespace cohort::http::detail
