#pragma once
// What a cohort says of itself, with what its processes cost, as people read it.

#include <cohort/cli/console.hpp>
#include <cohort/cli/target.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::cli {

// Fields of an answer that may be missing, or of another type in another version.
[[nodiscard]] std::string text_at(const boost::json::object& in, std::string_view key);
[[nodiscard]] std::optional<std::int64_t> number_at(const boost::json::object& in,
                                                    std::string_view key);
/// Of any type of number.
[[nodiscard]] std::optional<double> real_at(const boost::json::object& in, std::string_view key);
[[nodiscard]] const boost::json::object* object_at(const boost::json::object& in,
                                                   std::string_view key);
[[nodiscard]] std::vector<const boost::json::object*> objects_at(const boost::json::object& in,
                                                                 std::string_view key);
/// The number as people read it, or "-".
[[nodiscard]] std::string count_at(const boost::json::object& in, std::string_view key);

/// Adds "memory_bytes", "processor_ms" and "processor_share" to the slots of a survey, and to the
/// whole: of the root and all that we know below it.
void add_footprints(boost::json::object& survey);

/// An event of the chronicle in words, with its slot.
[[nodiscard]] std::string event_line(const boost::json::object& what);

/// One line for each cohort.
[[nodiscard]] table cohorts_table(const std::vector<boost::json::object>& surveys);
/// One line for each slot.
[[nodiscard]] table slots_table(const boost::json::object& survey);

[[nodiscard]] tone tone_of(std::string_view stage) noexcept;

}  // namespace cohort::cli
