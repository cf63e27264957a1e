#pragma once
// How many parts a key has, before anybody builds a table for each of them. Closed to other rooms.

#include <cstddef>
#include <optional>
#include <string_view>

namespace cohort::config::detail {

/// Parts of a key, "env.production.app.api.scale" has 5. toml++ bounds how deep values are nested,
/// but makes a table in a table for each part, and recurses through them until the stack ends.
inline constexpr std::size_t key_parts_max = 64;

/// The line, from 1, of the first key with more parts than that. Nothing: there is none.
/// Follows what TOML 1.0 says of strings and comments, up to the first error of the text.
[[nodiscard]] std::optional<unsigned> line_of_deep_key(std::string_view toml) noexcept;

}  // namespace cohort::config::detail
