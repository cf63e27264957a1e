#pragma once

#include <cstdint>
#include <functional>

namespace cohort::http {

/// Seconds since 1970, for what says until when it holds and is read by other processes and after
/// restarts: signed cookies, sessions, tokens. Tests have one that they turn. Any thread.
using date_clock = std::function<std::int64_t()>;

/// The machine's.
[[nodiscard]] date_clock machine_clock();

}  // namespace cohort::http
