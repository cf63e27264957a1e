#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/ipc/channel.hpp>
#include <cohort/ipc/envelope.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

namespace cohort::ipc {

/// Requests that wait for their answers on one channel. A resource.
///
/// Whoever receives the channel's envelopes offers each with flags::answer to settle(), and tells
/// fail_all() when the channel ends:
///
///     if (what.is(flags::answer)) calls.settle(std::move(what));
///
/// Loop:     the channel's.
/// Lifetime: shorter than the channel's; nobody may be inside ask() when it is destroyed
///           (fail_all(), then join the scope of the askers).
class calls {
public:
    static constexpr std::size_t pending_max_default = 65536;

    calls(asio::any_io_executor executor, channel& over,
          std::size_t pending_max = pending_max_default)
        : executor_{executor}, channel_{over}, pending_max_{pending_max}
    {}
    calls(const calls&) = delete;
    calls& operator=(const calls&) = delete;
    ~calls();

    /// Sends `request` (flags::request and a fresh correlation are set here) and waits for its
    /// answer, all within `budget`.
    ///
    /// Errors: errc::deadline_passed (a later answer is dropped and counted); errc::channel_closed
    ///         or what fail_all() was given; errc::queue_full, too many calls are pending;
    ///         errc::too_large; errc::cancelled. An answer with flags::refusal is a success here.
    /// Cancel: total for the answer; the request may have left.
    [[nodiscard]] awaitable<result<envelope>> ask(envelope request, nanoseconds budget);

    /// Hands over an answer. Nobody waits for it any more: dropped, and counted in late().
    void settle(envelope&& answer);

    /// Every pending call fails with `why`; new ones can be asked.
    void fail_all(const fault& why);

    [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }
    [[nodiscard]] std::uint64_t late() const noexcept { return late_; }

private:
    struct waiting {
        explicit waiting(asio::any_io_executor executor)
            : settled{executor}
        {}
        wakeup settled;
        std::optional<result<envelope>> outcome;
    };

    awaitable<result<envelope>> wait_for(std::uint64_t correlation, envelope request);

    asio::any_io_executor executor_;
    channel& channel_;
    std::unordered_map<std::uint64_t, std::unique_ptr<waiting>> pending_;
    std::size_t pending_max_;
    std::uint64_t next_ = 1;
    std::uint64_t late_ = 0;
};

}  // namespace cohort::ipc
