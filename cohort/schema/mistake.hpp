#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::schema {

/// Mistakes that are told of one document; there may be more.
inline constexpr std::size_t mistakes_max = 20;

/// Arrays and objects inside each other.
inline constexpr std::size_t depth_max = 32;

/// One thing in a document that its schema does not allow. A value.
struct mistake {
    std::string pointer;       ///< JSON Pointer (RFC 6901) to it; "" is the whole document.
    std::string_view keyword;  ///< JSON Schema's word: "required", "maximum"; "check" for our own.
    std::string limit;         ///< What the keyword says, as JSON text ("80"); may be empty.
    std::string message;       ///< For people: "must be at most 80".
};

/// Why a text is no JSON at all. A value.
struct syntax_mistake {
    std::string what;
    std::size_t offset;  ///< Bytes before it.
    std::size_t line;    ///< From 1.
    std::size_t column;  ///< In bytes, from 1.
};

/// Why a document was refused: either it is no JSON, or these are the reasons. A value.
struct mistakes {
    std::optional<syntax_mistake> syntax;
    std::vector<mistake> all;
    bool more = false;  ///< There were more than mistakes_max; reading ended there.

    /// For people: "/cents: must be at least 1; /note: is required". Never parse it.
    [[nodiscard]] std::string text() const;
};

/// One segment of a JSON Pointer, escaped: "a/b" is "a~1b".
[[nodiscard]] std::string pointer_segment(std::string_view name);

/// At most some 64 bytes of it, cut at a character: what others chose to be long is not repeated.
[[nodiscard]] std::string shortened(std::string_view text);

/// The first segment of a pointer, as it was before it was escaped.
[[nodiscard]] std::string first_segment(std::string_view pointer);

}  // namespace cohort::schema
