#pragma once
// Who is ill, by what workers answered when they were asked. An automaton: answers come in as
// values, round by round.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace cohort::primary {

/// How one worker did in one round. A value.
struct probe_outcome {
    std::uint32_t worker = 0;  ///< its id
    bool well = true;
};

/// Counts failures in a row, and believes no failure that most workers share. A value.
///
/// A worker that fails alone is ill. When more than half of them fail at a time (and at least two),
/// what they all need is gone (a database, the network): to end them would take away what is left,
/// so nobody is ill then, and the counts stand still.
class probing {
public:
    /// What one round says. A value.
    struct verdict {
        std::vector<std::uint32_t> ill;  ///< that failed `fails` times in a row; told each round
        std::size_t failing = 0;
        std::size_t asked = 0;
        bool shared = false;  ///< an outage of something that they share
        bool begun = false;   ///< the round before it was none
        bool over = false;    ///< the round before it was one
    };

    /// `fails`: failures in a row until a worker is ill. Who is not in `round` is forgotten.
    [[nodiscard]] verdict judge(std::span<const probe_outcome> round, unsigned fails);
    /// Shared outages so far.
    [[nodiscard]] std::uint64_t outages() const noexcept { return outages_; }

private:
    std::map<std::uint32_t, unsigned> failed_;  // in a row, by worker
    std::uint64_t outages_ = 0;
    bool shared_ = false;
};

}  // namespace cohort::primary
