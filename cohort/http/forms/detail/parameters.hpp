#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http::detail {

struct parameter {
    std::string_view name;
    std::string value;
};

/// `form-data; name="a"; filename="b"`: a word, and what is said about it. A value; the views are
/// into the text that was read.
struct with_parameters {
    std::string_view word;
    std::vector<parameter> parameters;

    /// The value of that name, whatever its case.
    [[nodiscard]] const std::string* find(std::string_view name) const noexcept;
};

inline constexpr std::size_t field_parameters_max = 16;

/// Nothing if it is malformed, says one parameter twice, or has more than field_parameters_max.
///
/// In a quoted string `\"` and `\\` are one character. A backslash before anything else stays one,
/// since browsers never escaped those in file names.
/// Source: RFC 9110, 5.6.6; RFC 7578, 4.2.
[[nodiscard]] std::optional<with_parameters> parse_parameters(std::string_view text);

}  // namespace cohort::http::detail
