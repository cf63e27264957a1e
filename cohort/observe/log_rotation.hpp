#pragma once
// Putting files aside: app.log becomes app.log.1, what was that becomes app.log.2, and so on.

#include <cohort/base/error.hpp>

#include <cstdint>
#include <string>

namespace cohort::observe {

/// When a file is put aside, and how many are kept besides it. A value.
struct rotation_limit {
    std::uint64_t bytes = 0;
    unsigned files = 1;
    bool locked = true;  ///< only with a lock on it; without, two may do it one after the other
};

/// Puts the file aside if it has grown to `bytes`; one more than `files` of them is removed.
/// Whoever writes to it must open it anew afterwards; the path means no file until somebody does.
///
/// Several processes may ask at a time: one of them does it. If one dies in the middle, a number is
/// missing, and no line.
///
/// Returns whether it was put aside. Errors: errno of open(2) or rename(2); EAGAIN, somebody else
/// has a lock on it; the file stays in use.
[[nodiscard]] result<bool> put_aside(const std::string& path, const rotation_limit& when);

/// How large it is; 0: it is not there.
[[nodiscard]] std::uint64_t size_of(const std::string& path) noexcept;

}  // namespace cohort::observe
