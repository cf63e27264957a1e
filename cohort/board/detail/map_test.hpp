#pragma once
// For tests of a map whose values expire: one in memory of their own, and keys and texts.

#include <cohort/base/random.hpp>
#include <cohort/board/expiring_map.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>

namespace cohort::board::detail {

/// The clock by which the dead are known; turned by hand.
inline steady_time clock_now{std::chrono::hours{1}};
inline steady_time test_clock() noexcept { return clock_now; }

/// A map in memory of our own.
struct own_map {
    explicit own_map(const map_shape& of, when_full how = when_full::refuse)
        : shape{of},
          memory{new(std::align_val_t{4096}) std::byte[of.area_bytes()]{}},
          map{std::span{memory, of.area_bytes()}, of, how, &test_clock}
    {}
    ~own_map() { ::operator delete[](memory, std::align_val_t{4096}); }
    own_map(const own_map&) = delete;
    own_map& operator=(const own_map&) = delete;

    map_shape shape;
    std::byte* memory;
    expiring_map map;
};

inline constexpr map_shape small{.entries = 60, .bytes = 32 * 256};

inline expiring_map::key key(std::uint64_t number)
{
    return {mix(number * 4 + 1), mix(number * 4 + 2), mix(number * 4 + 3), mix(number * 4 + 4)};
}

inline std::string text_of(std::size_t bytes, std::uint64_t seed)
{
    random_source dice{seed};
    std::string text(bytes, '\0');
    for (char& each : text)
        each = static_cast<char>(dice.next());
    return text;
}

}  // namespace cohort::board::detail
