#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

/// What one part of a multipart form says of itself. A value.
struct part_head {
    std::string name;

    /// What the client says that the file is called: any text, never a path to write to. Nothing:
    /// the part is a plain field.
    std::optional<std::string> filename = {};

    /// As the client says; "text/plain" if it does not.
    std::string content_type = "text/plain";
};

/// Why a form was refused. A value.
struct form_mistake {
    unsigned status;        ///< 400, 413 or 415.
    std::string_view what;  ///< Lives for ever.
    std::size_t part = 0;   ///< From 1; 0: not about one part.
    std::string name = {};  ///< Of the part, if that is known.
};

inline constexpr std::size_t part_fields_max = 16;

/// Reads the header fields of a part: whole lines, without the empty one. Refuses what could be
/// read in two ways: folded lines, bare line feeds, fields or parameters twice, `filename*`
/// (RFC 7578, 4.2), text that is no UTF-8, parts inside parts, transfer codings.
[[nodiscard]] std::expected<part_head, form_mistake> parse_part_head(std::string_view lines);

/// The boundary out of "multipart/form-data; boundary=…": 1 to 70 characters of RFC 2046, 5.1.1.
[[nodiscard]] std::expected<std::string, form_mistake> boundary_of(std::string_view content_type);

/// What a file can be called here if its client says `filename`: no folders, no leading dots, no
/// control characters, at most 200 bytes; "file" if nothing is left. Two clients may choose one
/// name.
[[nodiscard]] std::string safe_file_name(std::string_view filename);

}  // namespace cohort::http
