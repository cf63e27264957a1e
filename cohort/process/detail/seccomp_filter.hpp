#pragma once
// The filter of a sandbox as BPF, written before the fork. Closed to other rooms.

#include <linux/filter.h>

#include <cstdint>
#include <vector>

namespace cohort::process::detail {

/// What a filter is made for.
enum class cage : std::uint8_t {
    server,
    strict,            ///< No other program, ever.
    strict_but_execs,  ///< The same with execve, for a program that has yet to be started.
    onlooker,          ///< strict, and opens nothing but to read it.
};

/// Refused calls fail with EPERM; nothing is killed.
[[nodiscard]] std::vector<sock_filter> make_seccomp_filter(cage which);

}  // namespace cohort::process::detail
