#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/control/hatch.hpp>
#include <cohort/control/protocol.hpp>

#include <functional>
#include <utility>
#include <vector>

namespace cohort::dashboard {

/// Asks the primary as at its admin socket, on an event loop: over connections that come through
/// the hatch. A resource.
///
/// It asks once: when the primary dies, this process does, too.
class inquiry {
public:
    using hear_progress = std::move_only_function<void(control::progress)>;

    explicit inquiry(control::guest& through)
        : through_{through}
    {}

    /// Errors: those of guest::ask(); errc::deadline_passed, no answer came within its budget and
    /// two seconds; errc::channel_closed; errc::malformed.
    /// Cancel: total; the primary learns of it, and goes on with what it has begun.
    /// Lifetime: this, until the awaitable completes.
    [[nodiscard]] awaitable<result<control::answer>> ask(control::request what,
                                                         hear_progress hear = {}) const;

    /// What is open then. Errors, Cancel: those of guest::ask().
    [[nodiscard]] awaitable<result<unique_fd>> fetch(control::wish what) const
    {
        return through_.ask_one(what);
    }
    [[nodiscard]] awaitable<result<std::vector<unique_fd>>> fetch_all(control::wish what) const
    {
        return through_.ask(what);
    }

private:
    control::guest& through_;
};

}  // namespace cohort::dashboard
