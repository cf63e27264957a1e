#pragma once

#include <boost/json/object.hpp>

#include <string>

namespace cohort::dashboard {

/// An event of a primary (the verb `events`) in words: "serving → draining (drain asked)".
[[nodiscard]] std::string words_of(const boost::json::object& event);

}  // namespace cohort::dashboard
