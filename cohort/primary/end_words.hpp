#pragma once

#include <cohort/primary/chronicle.hpp>

#include <boost/json/object.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace cohort::primary {

/// How ends are told, each in the place of its own. The latest are told as a whole, with their
/// reports and stories, as long as all of them together take no more than `bytes_max` as JSON; of
/// those for which there is no room, "shortened" says so, and "file" where all can be read.
[[nodiscard]] std::vector<boost::json::object> words_of(std::span<const slot_end> ends,
                                                        std::size_t bytes_max);

}  // namespace cohort::primary
