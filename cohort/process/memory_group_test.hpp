#pragma once
// What tests do where no control groups can be made.

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace cohort::process {

/// Says so. With COHORT_NEED_CGROUPS=1 in the environment the test has failed: whoever set that
/// knows that they can be made.
inline void no_groups_here(const std::string& why)
{
    const char* const needed = std::getenv("COHORT_NEED_CGROUPS");
    if (needed != nullptr && std::string_view{needed} == "1")
        FAIL_CHECK("limit.memory is not kept here: " << why);
    else
        MESSAGE("not run, limit.memory is not kept here: " << why);
}

}  // namespace cohort::process
