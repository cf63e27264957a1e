#pragma once
// What `cohort top` shows, as lines: no terminal is needed to say what they are.

#include <cohort/cli/console.hpp>

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::cli {

/// One look at one cohort. A value.
struct top_look {
    boost::json::object survey;               ///< with footprints and pace
    std::vector<boost::json::object> events;  ///< the latest at the end
    std::deque<double> history;               ///< requests a second
    std::string problem;                      ///< why there is no survey; empty: there is one
};

/// By what the slots of a cohort are sorted.
enum class top_order : std::uint8_t { oddness, slot, requests, processor, memory, restarts };
inline constexpr std::size_t top_orders = 6;
[[nodiscard]] std::string_view name_of(top_order order) noexcept;

/// What somebody has chosen so far. A value.
struct top_choice {
    top_order order = top_order::oddness;
    std::string slot;     ///< "api.3"; empty: none
    std::string message;  ///< stands in the last line in place of the keys
};

/// A line: pieces beside each other. A value.
struct top_line {
    std::vector<table::cell> pieces = {};
    bool chosen = false;

    [[nodiscard]] static top_line of(std::string text, tone how = tone::plain);

    [[nodiscard]] std::string text() const;
};

/// Everything, at most `height` lines. Columns that matter less are left out where there is no
/// room; rows too, with a word about how many. Words at the end of a line may be wider than
/// `width`: the screen cuts them.
[[nodiscard]] std::vector<top_line> top_lines(const std::vector<top_look>& looks,
                                              const top_choice& choice, unsigned width,
                                              unsigned height);

/// The names of all slots, in the order in which they are shown.
[[nodiscard]] std::vector<std::string> top_slots(const std::vector<top_look>& looks,
                                                 top_order order);

/// How far each worker is from the others, as control::oddness() has it.
[[nodiscard]] std::vector<double> top_oddness(const std::vector<const boost::json::object*>& slots);

/// A second: "12.5", "50"; "-": nobody knows. The same for how long something takes: "8.2ms".
[[nodiscard]] std::string rate_text(std::optional<double> rate);
[[nodiscard]] std::string lag_text(std::optional<double> ms);

/// A picture of numbers, one column each, the latest at the right.
[[nodiscard]] std::string top_bars(const std::deque<double>& values, std::size_t width);

}  // namespace cohort::cli
