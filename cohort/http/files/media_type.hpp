#pragma once

#include <string_view>

namespace cohort::http {

/// The media type of a file by the ending of its name, whatever its case: "text/html;
/// charset=utf-8" for "a/b.HTML". "application/octet-stream" if the ending is none of about 130:
/// browsers offer such a file for download.
[[nodiscard]] std::string_view media_type_of(std::string_view file_name) noexcept;

}  // namespace cohort::http
