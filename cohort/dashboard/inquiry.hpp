#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/control/protocol.hpp>

#include <filesystem>
#include <functional>
#include <utility>

namespace cohort::dashboard {

/// Asks the primary at its admin socket, on an event loop; control::client is the same for those
/// who may block. A resource.
///
/// It asks once: when the primary dies, this process does, too.
class inquiry {
public:
    using hear_progress = std::move_only_function<void(control::progress)>;

    explicit inquiry(std::filesystem::path socket)
        : socket_{std::move(socket)}
    {}

    /// Errors: ECONNREFUSED, ENOENT, nobody listens there; errc::deadline_passed, no answer came
    /// within its budget and two seconds; errc::channel_closed; errc::malformed.
    /// Cancel: total; the primary learns of it, and goes on with what it has begun.
    /// Lifetime: this, until the awaitable completes.
    [[nodiscard]] awaitable<result<control::answer>> ask(control::request what,
                                                         hear_progress hear = {}) const;

private:
    std::filesystem::path socket_;
};

}  // namespace cohort::dashboard
