#pragma once
// Whether a new generation does worse than the old one. An automaton: what was counted comes in as
// numbers.

#include <cohort/board/answers.hpp>
#include <cohort/config/settings.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::primary {

/// What workers of one generation did while they were watched. A value.
struct conduct {
    board::answer_counts answers;
    std::uint64_t memory_bytes = 0;  ///< the largest worker's share; 0: not known
};

/// A value.
class watch {
public:
    /// Fewer answers say nothing about rates.
    static constexpr std::uint64_t answers_least = 50;
    /// Times are read from a coarse clock: differences below this are noise.
    static constexpr nanoseconds latency_floor = milliseconds{10};

    explicit watch(std::vector<config::abort_rule> by)
        : rules_{std::move(by)}
    {}

    [[nodiscard]] bool minds_crashes() const noexcept;

    /// The rule that the new generation breaks, in words with figures; nothing: none.
    [[nodiscard]] std::optional<std::string> verdict(const conduct& fresh,
                                                     const conduct& old) const;

    /// What so many answers are worth, for who reads the verdict: few prove nothing.
    [[nodiscard]] static std::string words_for(std::uint64_t answers);

private:
    std::vector<config::abort_rule> rules_;
};

}  // namespace cohort::primary
