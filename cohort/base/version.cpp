#include <cohort/base/version.hpp>

namespace cohort {

// The one file that the build tells it to: another version compiles nothing else.
std::string_view version() noexcept { return COHORT_VERSION; }
std::string_view commit() noexcept { return COHORT_COMMIT; }

}  // namespace cohort
