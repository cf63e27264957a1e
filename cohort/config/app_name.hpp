#pragma once
// What an app can be called. "api.3" and "all" mean something else wherever apps are named.

#include <string>
#include <string_view>

namespace cohort::config {

/// What is_app_name() wants, for people: "must be " comes before it.
inline constexpr std::string_view app_name_rule =
    "1 to 64 letters, digits, '_', '-' or '.', not \"all\", and without a number after its last "
    "'.', as slots have it (api.3)";

[[nodiscard]] bool is_app_name(std::string_view text) noexcept;

/// A name that an app can have, made of the file name of its program.
[[nodiscard]] std::string app_name_of(std::string_view program);

}  // namespace cohort::config
