#pragma once
// What a test program says about itself as a whole.

namespace cohort::testing {

/// What this program is about cannot be made on this machine, so its tests show nothing. Unless
/// one has failed, the program ends with 77: "Skipped" in ctest's summary, where "Passed" would be
/// a lie (SKIP_RETURN_CODE, in its CMakeLists.txt).
void shows_nothing() noexcept;

}  // namespace cohort::testing
