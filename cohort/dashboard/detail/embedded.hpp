#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace cohort::dashboard::detail {

/// A file of assets/, in the program. A value.
struct embedded_file {
    std::string_view name;  ///< "index.html"
    const unsigned char* bytes;
    std::size_t size;
};

/// All of them, in the order of their names. Made by cmake/embed.cmake.
[[nodiscard]] std::span<const embedded_file> embedded_files() noexcept;

}  // namespace cohort::dashboard::detail
