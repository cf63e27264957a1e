#pragma once

#include <boost/json/object.hpp>

#include <string>

namespace cohort::control {

/// What happened, in words, of an event as the primary tells it. Without its time and its slot,
/// which whoever shows it has beside it. May have control characters of a program in it.
[[nodiscard]] std::string event_words(const boost::json::object& event);

}  // namespace cohort::control
