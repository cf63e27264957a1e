#pragma once

#include <atomic>
#include <cstdint>

namespace cohort::http {

/// What limits did in this process, for metrics. A resource; any thread reads and counts.
struct limit_counts {
    std::atomic<std::uint64_t> admitted{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> given_back{0};
    /// rate_limit(): keys that were forgotten before their time, in the whole cohort. Raise `keys`
    /// if it grows.
    std::atomic<std::uint64_t> evicted{0};
    /// concurrency_limit(): requests that were let in uncounted, in the whole cohort. The same.
    std::atomic<std::uint64_t> uncounted{0};
    /// concurrency_limit(): requests that have a place in this process now.
    std::atomic<std::uint64_t> under_way{0};
};

}  // namespace cohort::http
