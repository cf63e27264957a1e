#pragma once
// What the dashboard of a cohort says, for whoever shows the same in a terminal.

#include <cohort/base/clock.hpp>

#include <boost/json/object.hpp>

#include <filesystem>
#include <optional>
#include <string_view>

namespace cohort::cli {

/// The state, as GET /api/v1/state has it. Nothing: there is no dashboard, or it did not answer
/// within `patience`, which is as long as this blocks. Somebody who asks has it started.
/// @param admin_socket  of the cohort
[[nodiscard]] std::optional<boost::json::object>
dashboard_state(const std::filesystem::path& admin_socket, milliseconds patience);

/// The object in the body of an answer with status 200 and a Content-Length.
[[nodiscard]] std::optional<boost::json::object> object_in_answer(std::string_view answer);

/// Adds to a survey and its slots what only the dashboard knows: percentiles, errors, how busy
/// loops are and how late, who is odd, what was lost.
void add_state(boost::json::object& survey, const boost::json::object& state);

}  // namespace cohort::cli
