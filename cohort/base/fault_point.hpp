#pragma once
// Places at which a test lets the process die: between any two steps whose order recovery relies
// on. Nothing at all, unless this build is one for such tests (CMake: COHORT_FAULT_POINTS).

namespace cohort {

#ifdef COHORT_FAULT_POINTS

/// Called at every fault point with its name ("http.recv.done"). Null: nothing happens.
inline void (*on_fault_point)(const char* name) noexcept = nullptr;

inline void fault_point(const char* name) noexcept
{
    if (on_fault_point != nullptr)
        on_fault_point(name);
}

#else

constexpr void fault_point(const char*) noexcept {}

#endif

}  // namespace cohort
