#pragma once

#include <cstdint>
#include <string_view>

namespace cohort::http::detail {

/// What a raw path is good for. encoded: usable, and some segment must be decoded. ambiguous:
/// refused, because what it means depends on who decodes it and when.
enum class path_quality : std::uint8_t { plain, encoded, ambiguous };

/// Looks for dot segments, however they are encoded, broken escapes, NUL and malformed UTF-8.
/// A slash that is encoded may stand in a segment, unless "." or ".." is beside it.
[[nodiscard]] path_quality inspect_path(std::string_view raw);

/// Is there an encoded slash in `raw`? Decoded, it could not be told from a separator.
[[nodiscard]] bool has_encoded_slash(std::string_view raw) noexcept;

}  // namespace cohort::http::detail
