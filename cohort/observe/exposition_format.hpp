#pragma once

#include <cstdint>
#include <string_view>

namespace cohort::observe {

enum class exposition_format : std::uint8_t {
    text,         ///< Prometheus' own, version 0.0.4
    openmetrics,  ///< 1.0.0: with exemplars
};

/// What a client would rather have, by its Accept header; text if it says nothing.
[[nodiscard]] exposition_format preferred_exposition(std::string_view accept);

/// "text/plain; version=0.0.4; charset=utf-8"
[[nodiscard]] std::string_view content_type(exposition_format of) noexcept;

}  // namespace cohort::observe
