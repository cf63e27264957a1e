#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/board/answers.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

namespace cohort::dashboard {

/// What a slot had counted at one moment. A value.
struct slot_count {
    std::uint64_t worker = 0;  ///< its id: another one counts from zero
    std::uint64_t requests = 0;
    board::answer_counts answers = {};
    std::optional<nanoseconds> processor_time = {};  ///< of its process
};

/// What all had. A value.
struct count_reading {
    steady_time when{};
    std::map<std::uint32_t, slot_count> slots = {};
    unsigned ready = 0;  ///< workers that serve
};

/// How fast it goes on, from one reading to the next. A value.
struct slot_rate {
    double requests_per_s = 0;
    double errors_per_s = 0;
    std::optional<double> processors = {};  ///< that it keeps busy: 1.0 is one
};

/// An automaton: turns counts into rates, and remembers five minutes of them.
class meter {
public:
    static constexpr std::size_t history_max = 300;
    /// Percentiles are those of so many readings: of one second alone they jump.
    static constexpr std::size_t window = 10;

    /// One a second. When none came for a while, nobody knows what was meanwhile.
    void take(count_reading what);

    /// Nothing before the second reading, and of slots that were not in it.
    [[nodiscard]] std::optional<slot_rate> of(std::uint32_t slot) const;
    [[nodiscard]] std::optional<slot_rate> all() const;

    /// In milliseconds; nothing where nobody was answered lately.
    [[nodiscard]] std::optional<double> percentile_ms(double share) const;

    /// One second of the past; what is not known is missing.
    struct past_second {
        std::optional<double> requests_per_s = {};
        std::optional<double> errors_per_s = {};
        std::optional<double> p99_ms = {};
        std::optional<unsigned> ready = {};
    };
    /// The oldest first.
    [[nodiscard]] const std::deque<past_second>& history() const noexcept { return history_; }

private:
    void remember(const past_second& what);
    void bridge(nanoseconds gap);

    std::optional<count_reading> last_;
    std::map<std::uint32_t, slot_rate> rates_;
    std::optional<slot_rate> all_;
    std::deque<board::answer_counts> lately_;
    std::deque<past_second> history_;
};

}  // namespace cohort::dashboard
