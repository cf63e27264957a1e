#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/files/detail/representation.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cohort::http {

/// Small files in memory, the last used ones, up to a number of bytes. A resource, of one event
/// loop.
class file_cache {
public:
    struct counters {
        std::uint64_t hits = 0;       ///< Answered without a look at the disk.
        std::uint64_t confirmed = 0;  ///< The disk was asked, and nothing had changed.
        std::uint64_t misses = 0;
        std::uint64_t evicted = 0;
    };

    static constexpr std::size_t entries_max = 4096;

    explicit file_cache(std::size_t bytes_max) noexcept
        : bytes_max_{bytes_max}
    {}

    struct entry {
        std::string key;
        detail::representation what;
        steady_time looked;
    };

    /// What is kept under that name, however old; null if nothing is. Valid until the next call.
    [[nodiscard]] const entry* find(std::string_view key);

    /// It was looked at on the disk just now, and is the same.
    void confirm(std::string_view key, steady_time when);

    /// Keeps it instead of what is there. What alone is larger than the cache is not kept.
    void keep(std::string key, detail::representation what, steady_time when);

    void forget(std::string_view key);

    void count_hit() noexcept { ++counted_.hits; }
    [[nodiscard]] const counters& counted() const noexcept { return counted_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    using entries = std::list<entry>;
    void drop(entries::iterator which);

    entries all_;                                                     // the last used one first
    std::unordered_map<std::string_view, entries::iterator> by_key_;  // views of the entries' keys
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    counters counted_;
};

}  // namespace cohort::http
