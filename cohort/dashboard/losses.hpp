#pragma once

#include <cohort/observe/metric_reading.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>

namespace cohort::dashboard {

/// What was not kept, or whom the cohort turned away.
enum class loss_kind : std::uint8_t { dropped, refused };

/// One kind of loss, and the counter that has it: the sum of its series, or of those whose label
/// has one of the values. A value.
struct loss_rule {
    loss_kind kind;
    std::string_view name;    ///< as the state has it
    std::string_view about;   ///< in words
    std::string_view metric;  ///< empty: not of a metric
    std::string_view label = {};
    std::array<std::string_view, 3> values = {};
};

/// All of them, in the order in which they are shown.
[[nodiscard]] std::span<const loss_rule> loss_rules() noexcept;

/// What was lost since the cohort began, by name. An automaton; what nobody has counted is 0.
class losses {
public:
    void take(const observe::metrics_reading& what);

    /// Adds what is in no metric.
    void add(std::string_view name, std::uint64_t count);

    [[nodiscard]] std::uint64_t of(std::string_view name) const;

private:
    std::map<std::string_view, std::uint64_t> counts_;
};

}  // namespace cohort::dashboard
