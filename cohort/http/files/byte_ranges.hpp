#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cohort::http {

/// Bytes `first` to `last`, both included. A value.
struct byte_range {
    std::uint64_t first;
    std::uint64_t last;
    [[nodiscard]] std::uint64_t size() const noexcept { return last - first + 1; }
    friend bool operator==(const byte_range&, const byte_range&) = default;
};

/// What a Range field means for a body of some size. A value.
struct range_choice {
    enum class kind : std::uint8_t {
        whole,          ///< No range, or none that we understand: send everything.
        partial,        ///< Send `ranges`: 206.
        unsatisfiable,  ///< 416.
    };
    kind what;
    std::vector<byte_range> ranges = {};
};

inline constexpr std::size_t byte_ranges_max = 10;

/// Decides about "bytes=0-99,200-" for a body of `size` bytes. Ranges that overlap, or whose gap is
/// smaller than the head of a part, become one, in the place of the first; other orders are kept.
/// More than byte_ranges_max are unsatisfiable: nobody needs them but who wants us to work.
/// Source: RFC 9110, 14.1.2, 14.2, 15.3.7.2.
[[nodiscard]] range_choice choose_ranges(std::string_view field, std::uint64_t size);

}  // namespace cohort::http
