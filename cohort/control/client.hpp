#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/control/place.hpp>
#include <cohort/control/protocol.hpp>

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::control {

/// A cohort that somebody can talk to. A value.
struct cohort_place {
    std::string app;
    std::filesystem::path socket;
    /// The primary that opened the socket; those after it inherit it. 0: it is too busy to say.
    pid_t opened_by = 0;
};

/// All cohorts of this user, by name and then by path. Sockets that nobody listens at are taken
/// away on the way.
/// Errors: EACCES, none was found, and there is a folder that cannot be trusted.
[[nodiscard]] result<std::vector<cohort_place>> find_cohorts(const viewpoint& from);

/// Asks cohorts. Blocking: the command does one thing at a time, and has no event loop. A resource.
class client {
public:
    using hear_progress = std::move_only_function<void(const progress&)>;

    /// @param slack  how long to wait when a budget is over: the primary says itself that it is
    ///               used up, unless it is frozen.
    explicit client(cohort_place to, milliseconds slack = std::chrono::seconds{2})
        : to_{std::move(to)}, slack_{slack}
    {}

    /// Whether a request may be asked again when its answer was lost with the primary.
    enum class manner : std::uint8_t {
        once,        ///< "one more": doing it twice is something else
        repeatable,  ///< looking, or saying what shall be
    };

    /// Asks, and waits for the answer: at most the request's budget and the slack, or for ever
    /// if it is 0. While the primary is being replaced it waits, and asks the next one.
    ///
    /// Errors: ECONNREFUSED, ENOENT, nobody listens any more; errc::channel_closed, the primary
    /// ended before it answered, and nobody knows how far it came; errc::deadline_passed;
    /// errc::malformed, errc::not_supported: a primary of another version.
    [[nodiscard]] result<answer> ask(const request& what, manner how, hear_progress hear = {});

    /// From now on it gives up, with errc::cancelled, once nobody reads any more what is written to
    /// `output`, a pipe or socket: `cohort events -f | head`.
    void end_with_reader_of(int output) noexcept { output_ = output; }

    [[nodiscard]] const cohort_place& place() const noexcept { return to_; }

private:
    struct limits {
        steady_time until;  ///< max: none
        bool answered_something = false;
    };
    [[nodiscard]] result<answer> ask_once(const request& what, limits& within, hear_progress& hear);

    cohort_place to_;
    int output_ = -1;  // -1: none; poll(2) leaves it out
    milliseconds slack_;
};

}  // namespace cohort::control
