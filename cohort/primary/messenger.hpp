#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/process/child.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace cohort::primary {

/// What may block for as long as a file server wants to: it runs in a copy of this process, and
/// what it says comes back. More than `messenger_answer_max` bytes of it are cut off.
using messenger_work = std::move_only_function<std::string() noexcept>;
inline constexpr std::size_t messenger_answer_max = 60'000;

/// Sends copies of this process out with such work, a few at a time. It is never done here: who
/// cannot be sent out is not, and the caller hears why. A resource of the primary's loop.
class messengers {
public:
    static constexpr std::size_t out_max = 2;
    static constexpr std::size_t waiting_max = 32;

    explicit messengers(asio::any_io_executor executor);
    messengers(const messengers&) = delete;
    messengers& operator=(const messengers&) = delete;
    ~messengers();

    /// Runs `what` in a copy, as soon as fewer than `out_max` are out.
    /// @param budget  for waiting and running together
    /// Errors: errc::deadline_passed, it was given up and killed, or an earlier one was and hangs
    /// all the same: as long as it does nobody is sent after it; errc::queue_full; EAGAIN, ENOMEM,
    /// errc::threads_running, no copy could be made; errc::answer_failed, it died.
    /// Cancel: total, within two seconds; one of them is for the work. Loop: ours.
    [[nodiscard]] awaitable<result<std::string>> send(messenger_work what, nanoseconds budget);

    [[nodiscard]] std::size_t out() const noexcept { return out_; }
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

private:
    class patience;
    struct counted;

    [[nodiscard]] awaitable<result<>> take_turn(patience& has);
    [[nodiscard]] awaitable<result<>> somebody_returns();
    [[nodiscard]] bool one_hangs();

    wakeup returned_;
    std::size_t out_ = 0;
    std::size_t waiting_ = 0;
    std::vector<process::child> hanging_;  // killed, and not dead; at most out_max
};

}  // namespace cohort::primary
