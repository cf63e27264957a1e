#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/observe/otlp_settings.hpp>

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>

namespace cohort::dashboard {

/// What the process of the dashboard works with. A value; what is pointed to outlives it, and the
/// descriptors are given away.
struct premises {
    int local = -1;   ///< listens, for whoever may use the admin socket; -1: there is none
    int remote = -1;  ///< listens for TCP connections; likewise
    int hatch = -1;   ///< where the primary gives what is asked for (control/hatch)
    std::filesystem::path token;       ///< a file with the token; empty: the settings have it
    std::filesystem::path view_token;  ///< that of whoever may only look; empty: likewise
    const config::settings* settings = nullptr;
    const board::segment* board = nullptr;
    const observe::otlp_settings* telemetry = nullptr;  ///< what is sent; nullptr: nothing
    /// Counts as long as the event loop turns; nullptr: nobody looks.
    std::atomic<std::uint64_t>* beats = nullptr;
    pid_t first = 0;  ///< the root of the cohort's processes
    /// Whose system calls pass more filters than that is in a sandbox.
    std::uint32_t free_filters = 0;
    bool resident = false;  ///< stays when nobody comes
    /// Without a connection for so long, it ends: who comes then is served by another one.
    nanoseconds rests_after = std::chrono::minutes{5};
};

/// Serves the dashboard, the admin API, metrics and checks of health, and sends telemetry where it
/// shall go, until nobody has come for a while or SIGTERM comes. Returns the process's exit code.
/// Order: in a process of its own, with one thread.
[[nodiscard]] int serve(const premises& with);

/// In a process that was forked from the primary: its whole life. Leaves by _exit.
[[noreturn]] void live(premises with) noexcept;

}  // namespace cohort::dashboard
