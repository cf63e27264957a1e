#pragma once
// What the supervisor shows of its seats to who replaces workers, and to who judges them.

#include <cohort/base/clock.hpp>
#include <cohort/board/reading.hpp>
#include <cohort/primary/generation.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace cohort::primary {

/// What a reload wants to know of a slot. A value.
struct seat_view {
    bool vacant = true;            ///< nobody sits here, and nobody will
    bool free = false;             ///< and a new worker can be put here already
    bool ready = false;            ///< its worker serves
    bool parked = false;           ///< it was given up
    bool leaving = false;          ///< its worker was asked to leave for good
    bool stopped = false;          ///< its worker left on purpose, for good: stop_codes
    std::uint32_t generation = 0;  ///< of who sits here, or sat here last
    unsigned misfortunes = 0;      ///< ends of this generation's workers by their own fault
    std::string last_misfortune;   ///< in words
};

/// A worker that serves, for who judges it. A value.
struct tenant_view {
    std::uint32_t slot = 0;
    std::uint32_t id = 0;
    pid_t pid = 0;
    steady_time born{};
    generation_ptr of;
    bool kept_up = true;                        ///< it is replaced when it dies
    bool extra = false;                         ///< see supervisor::seat_extra
    std::optional<board::slot_reading> row;     ///< nothing: it does not write it, or has gone
    std::optional<steady_time> oldest_request;  ///< when its oldest request without an answer began
};

}  // namespace cohort::primary
