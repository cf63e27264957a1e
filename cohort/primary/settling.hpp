#pragma once
// When files that change have become what they shall be: a compiler, an editor or a copy writes
// them piece by piece. No file and no clock here.

#include <cohort/base/clock.hpp>
#include <cohort/primary/file_mark.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace cohort::primary {

/// A value.
class settling {
public:
    /// For so long nothing must have changed.
    static constexpr nanoseconds quiet = milliseconds{300};

    enum class verdict : std::uint8_t {
        unchanged,  ///< they are what they were
        changing,   ///< look again soon
        settled,    ///< take them: they count as known from now on
    };
    /// What can be used as it is; `unfinished`: a file is missing, cannot be executed any more, or
    /// somebody writes to it.
    enum class shape : std::uint8_t { whole, unfinished };

    explicit settling(std::vector<file_mark> known)
        : known_{std::move(known)}, seen_{known_}
    {}

    [[nodiscard]] verdict look(const std::vector<file_mark>& found, shape how, steady_time at)
    {
        if (found != seen_) {
            seen_ = found;
            since_ = at;
        }
        if (found == known_)
            return verdict::unchanged;
        if (how == shape::unfinished || at - since_ < quiet)
            return verdict::changing;
        known_ = found;
        return verdict::settled;
    }

private:
    std::vector<file_mark> known_;
    std::vector<file_mark> seen_;
    steady_time since_{};
};

}  // namespace cohort::primary
