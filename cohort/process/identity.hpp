#pragma once
// Who this process says it is.

#include <cohort/base/error.hpp>
#include <cohort/process/child_side.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace cohort::process {

/// Claims the memory where the kernel shows our arguments, so that set_title has room. Call it
/// first thing in main: it moves the arguments and the environment elsewhere, and `argv` and
/// `environ` point to the copies afterwards; older pointers into them show the title. A second
/// call does nothing.
void init_title(int argc, char** argv) noexcept;

/// What ps shows: "cohort: worker 0 (02_fibonacci)". Cut at the room there is; without init_title
/// only the short name (15 characters, `ps -o comm`, from the words after "cohort: ") changes.
/// After fork: the child may call it for itself; no allocation.
void set_title(std::string_view title) noexcept;

/// The title that was set last, as it could be kept.
[[nodiscard]] std::string_view title() noexcept;

/// Ends this process when its parent dies: `grace` of time to leave in peace (its life-line tells
/// it), then SIGALRM ends it, even in an endless loop. Uses SIGRTMAX-2 and the real-time timer.
///
/// Errors: ESRCH, the parent is already gone (leave now).
[[nodiscard]] result<> die_with_parent(pid_t parent, std::chrono::milliseconds grace);

/// The user called `name`, or with that number, and its primary group. Reads the user database:
/// at start only. Errors: errc::bad_value, no such user.
[[nodiscard]] result<credentials> find_user(std::string_view name);

/// The group called `name`, or with that number. Errors: errc::bad_value, no such group.
[[nodiscard]] result<gid_t> find_group(std::string_view name);

/// The path of the program that runs, through /proc/self/exe. Errors: errno of readlink(2).
[[nodiscard]] result<std::string> own_program();

}  // namespace cohort::process
