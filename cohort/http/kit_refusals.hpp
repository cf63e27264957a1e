#pragma once

#include <atomic>
#include <cstdint>

namespace cohort::http {

/// What the program's own middleware refused in this process since its start, for metrics: also
/// where nobody gave it counts of its own. A resource; one for each process. Any thread counts.
struct kit_refusals {
    using count = std::atomic<std::uint64_t>;

    count rate_limited{0};  ///< 429, of rate_limit(), wherever it counts.
    count at_once{0};       ///< 429, of concurrency_limit().
    count cross_origin{0};  ///< 403, of csrf().
    count credentials{0};   ///< 401 of authenticated(), to credentials that were not good.
    count no_session{0};    ///< 503 of sessions(), whose store had no room.

    [[nodiscard]] static kit_refusals& here() noexcept
    {
        static kit_refusals all;
        return all;
    }
};

}  // namespace cohort::http
