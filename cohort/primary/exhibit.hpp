#pragma once

#include <cohort/board/segment.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/observe/otlp_settings.hpp>

#include <atomic>
#include <cstdint>
#include <filesystem>

namespace cohort::primary {

/// What the process of the dashboard has from birth on. A value; the descriptors are the process's
/// own, and what is pointed to lives as long as it does.
struct exhibit {
    int local = -1;   ///< listens for whoever may use the admin socket; -1: there is none
    int remote = -1;  ///< listens for TCP connections; likewise
    int hatch = -1;   ///< where the primary gives what is asked for (control/hatch)
    std::filesystem::path token;       ///< a file with the token; empty: the settings have it
    std::filesystem::path view_token;  ///< that of whoever may only look; empty: likewise
    const config::settings* settings = nullptr;
    const board::segment* board = nullptr;
    const observe::otlp_settings* telemetry = nullptr;
    /// It counts here as long as its event loop turns; nullptr: nobody looks.
    std::atomic<std::uint64_t>* beats = nullptr;
    /// Filters that system calls of the cohort's processes pass which are in no sandbox.
    std::uint32_t free_filters = 0;
    /// Somebody needs it who does not knock: it stays when nobody comes.
    bool resident = false;
};

}  // namespace cohort::primary
