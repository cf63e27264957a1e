#pragma once

#include <string_view>

namespace cohort::http {

/// Is it worth compressing bodies of this type? Text, JSON, XML, scripts, fonts that are not
/// compressed already; not pictures, archives, video. Parameters are ignored.
[[nodiscard]] bool is_compressible(std::string_view content_type) noexcept;

}  // namespace cohort::http
