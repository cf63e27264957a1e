#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/types.h>

#include <csignal>
#include <map>
#include <vector>

namespace cohort::process {

/// A signal that arrived.
struct caught_signal {
    int number = 0;
    unsigned nth = 1;  ///< how often this signal has come: a second INT means "now"
    pid_t from = 0;    ///< who sent it; 0: the kernel, or somebody in another pid namespace
    /// The kernel sent it, as terminals have it do to all that run there.
    bool by_terminal = false;
    /// It came through the root (process/root.hpp), from whoever `from` says.
    bool forwarded = false;
};

/// Signals as something to await. A resource.
///
/// Made on signalfd(2), not on asio::signal_set: that one keeps process-wide state which a fork
/// copies and which then believes that its handlers are still installed. The signals are blocked
/// while this lives (in threads started later, too) and return to what they were afterwards.
class signals {
public:
    /// Errors: EMFILE; EINVAL, a number is no signal or cannot be caught.
    [[nodiscard]] static result<signals> catch_these(asio::any_io_executor executor,
                                                     const std::vector<int>& numbers);

    signals(signals&& other) noexcept;
    signals& operator=(signals&&) = delete;
    ~signals();

    /// The next signal. Two of one kind that come while nobody reads count as one (signal(7)).
    /// Errors: errc::cancelled. Cancel: total. Deadline: none, most processes are never signalled.
    [[nodiscard]] awaitable<result<caught_signal>> next();

private:
    signals(asio::posix::stream_descriptor fd, sigset_t blocked) noexcept;

    asio::posix::stream_descriptor fd_;
    sigset_t blocked_;  // by us, to be let in again
    std::map<int, unsigned> seen_;
    bool owns_ = true;
};

}  // namespace cohort::process
