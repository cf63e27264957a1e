#pragma once
// What stands below the workers in `cohort top`: the lists of the dashboard's page.

#include <cohort/cli/top_view.hpp>

#include <boost/json/object.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace cohort::cli {

/// The busiest routes, the last error that was logged, crashes and events, the latest first: as
/// much of each as `room` lines have room for; events come first where there is little.
[[nodiscard]] std::vector<top_line> top_lists(const top_look& of, std::size_t width,
                                              std::size_t room);

/// "dropped: 12 spans  refused: 3 rate limited  throttled: 1.5s"; only what has happened.
[[nodiscard]] std::string top_losses(const boost::json::object& survey);

}  // namespace cohort::cli
