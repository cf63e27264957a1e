#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/observe/metrics.hpp>

#include <cstdint>
#include <optional>

namespace cohort::metrics {

/// Brings a counter up to a number that somebody else counts, now and then. What goes back (whoever
/// counts has begun anew) counts from zero. A value; the series' thread.
class sampled_count {
public:
    /// Nothing of what was counted before it is made counts: see the first look().
    explicit sampled_count(counter_series& into) noexcept
        : into_{&into}
    {}
    /// What has been counted from `from` on counts.
    sampled_count(counter_series& into, std::uint64_t from) noexcept
        : into_{&into}, last_{from}
    {}

    void look(std::uint64_t counted) noexcept
    {
        if (last_ && counted != *last_)
            into_->add(counted > *last_ ? counted - *last_ : counted);
        last_ = counted;
    }

private:
    counter_series* into_;
    std::optional<std::uint64_t> last_;
};

}  // namespace cohort::metrics
