#pragma once
// What a supervisor does by itself.

#include <cstdint>

namespace cohort::primary {

/// Who keeps the number of workers.
enum class upkeep { automatic, by_hand };

/// Whether there is a root, and workers that are forked get keepers, so that their connections
/// outlive them.
enum class care : std::uint8_t { plain, kept };

/// What comes after everybody has left: somebody may be forked again, or this is the end.
enum class finality { until_empty, last };

}  // namespace cohort::primary
