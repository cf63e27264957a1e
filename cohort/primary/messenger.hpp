#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>

#include <cstddef>
#include <functional>
#include <string>

namespace cohort::primary {

/// What may block for as long as a file server wants to: it runs in a copy of this process, and
/// what it says comes back. More than `messenger_answer_max` bytes of it are cut off.
using messenger_work = std::move_only_function<std::string() noexcept>;
inline constexpr std::size_t messenger_answer_max = 60'000;

/// Runs `what` in a copy. Where none can be made, and while we are being stopped, it runs here.
/// Errors: errc::deadline_passed, it was given up and killed; errc::answer_failed, it died.
/// Cancel: total; it still gets a second. Loop: the primary's.
[[nodiscard]] awaitable<result<std::string>> send_messenger(messenger_work what,
                                                            nanoseconds budget);

}  // namespace cohort::primary
