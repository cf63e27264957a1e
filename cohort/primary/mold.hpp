#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/primary/audience.hpp>
#include <cohort/primary/pairing.hpp>
#include <cohort/process/child.hpp>
#include <cohort/process/keeper.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cohort::primary {

/// How a mold is started. A value.
struct mold_plan {
    std::string path;               ///< of the program, for people; executed if there is no binary
    int binary = -1;                ///< an open descriptor of it
    std::vector<std::string> args;  ///< argv[0] first
    std::string folder;             ///< where it is started
    std::vector<std::string> more;  ///< environment to add, as "NAME=value"
    /// Variables that this cohort knows already: their descriptors can be read no second time.
    std::map<std::string, std::string> known;
};

/// A process that ran a program of a later generation up to where its workers would begin, and
/// stopped there: keepers and workers of that generation are copies of it. A resource, the
/// primary's; it ends when this does. It keeps nothing: another one of the same file is as good.
class mold {
public:
    /// Starts one. Errors: those of process::spawn; EMFILE.
    [[nodiscard]] static result<std::shared_ptr<mold>> start(const mold_plan& what);

    /// Waits until it is ready, or will never be. Returns the settings it came to.
    /// Errors: errc::answer_failed, with its words, or with how it ended; errc::deadline_passed.
    /// Cancel: total.
    [[nodiscard]] static awaitable<result<config::settings>> ready(std::shared_ptr<mold> us,
                                                                   nanoseconds budget);

    /// Has it fork a pair. Blocks for that, a millisecond; at most `patience`.
    /// Errors: errc::answer_failed, with its words; errc::channel_closed, it is gone (start another
    /// one); errc::deadline_passed.
    [[nodiscard]] result<process::kept_pair> make_pair(const pairing& what, nanoseconds patience);

    [[nodiscard]] pid_t pid() const noexcept { return process_.pid(); }
    /// What it is, once ready() was well. A value.
    struct build {
        std::uint32_t ledger_layout = 0;
        std::string version;
    };
    [[nodiscard]] const build& made() const noexcept { return made_; }
    /// Completes at its end, or when the coroutine is cancelled. One waiter at a time.
    [[nodiscard]] awaitable<> ended();
    /// It has not ended, as far as one can see now.
    [[nodiscard]] bool alive() { return !process_.try_reap(); }

    mold(process::child born, unique_fd line) noexcept;

private:
    process::child process_;
    unique_fd line_;
    build made_;
};

/// In the program that is to be a mold: is it one? The line, or nothing valid. Takes the variable
/// away. Errors: errc::malformed, the variable is nonsense.
[[nodiscard]] result<unique_fd> take_mold_line();

/// In the program that is to be a mold: what its primary knows of variables. Empty: it is none.
[[nodiscard]] std::map<std::string, std::string> take_known_variables();

/// In a mold that cannot start: says why.
void refuse_to_be_mold(const unique_fd& line, int code, std::string_view words) noexcept;

/// In a mold: makes pairs until the primary hangs up. Returns the exit code.
[[nodiscard]] int serve_as_mold(unique_fd line, const config::settings& settings, audience& life);

}  // namespace cohort::primary
