#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/primary/audience.hpp>
#include <cohort/primary/offer.hpp>
#include <cohort/primary/worker_process.hpp>
#include <cohort/process/child_side.hpp>
#include <cohort/process/memory_group.hpp>
#include <cohort/process/sandbox.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::primary {

/// What one worker gets besides the settings. A value; a successor gets the same.
struct birth_plan {
    std::map<std::string, std::string> env;  ///< over that of the settings
    std::optional<std::string> exec;
    std::optional<std::vector<std::string>> args;
    std::map<int, int> extra_descriptors;  ///< number in the program: ours
};

/// Which worker, and where it sits.
struct birth_place {
    std::uint32_t id = 0;
    std::uint32_t slot = 0;
    process::memory_group_ptr group = nullptr;  ///< in which it counts; nullptr: in ours
};

/// A process that was just started. A resource.
struct newborn {
    worker_process process;
    unique_fd channel;   ///< our end
    bool cohort_inside;  ///< forked from this very program: it speaks our protocol for sure
    std::shared_ptr<stranger> unknown = nullptr;  ///< a program that need not know us
};

/// Variables that tell an exec'ed program that it is a worker; read and removed at its start.
namespace variable {
inline constexpr const char* channel = "COHORT_CHANNEL_FD";
inline constexpr const char* worker_id = "COHORT_WORKER_ID";
inline constexpr const char* slot = "COHORT_SLOT";
inline constexpr const char* app = "COHORT_APP";
/// Its output is read by the primary, which passes it on.
inline constexpr const char* output_read = "COHORT_OUTPUT_READ";
}  // namespace variable

/// Whom workers become, if the settings name somebody. Errors: errc::bad_value, no such user.
[[nodiscard]] result<std::optional<process::credentials>> user_of(const config::settings& settings);

/// What workers cannot do, if the settings keep anything from them; `program`: what is executed
/// instead of a fork, empty: nothing. Errors: those of process::sandbox::prepare().
[[nodiscard]] result<std::shared_ptr<const process::sandbox>>
sandbox_of(const config::settings& settings, const std::string& program);

/// Starts a worker: forked from this process, or another program if the settings or the plan name
/// one; of that, the file that is open as `binary`, if it is not -1, with `what` it is offered.
/// Errors: errc::threads_running,
/// naming them; EAGAIN; those of the exec, with the step; errc::bad_value, no such user.
[[nodiscard]] result<newborn> give_birth(const config::settings& settings, const birth_plan& plan,
                                         birth_place where, audience& life, const offer& what = {},
                                         int binary = -1);

}  // namespace cohort::primary
