#pragma once

#include <cohort/board/commons.hpp>
#include <cohort/board/said_levels.hpp>
#include <cohort/observe/log.hpp>

#include <cstdint>
#include <optional>

namespace cohort::work {

/// Which lines an operator wants of this worker, by the word in shared memory. A value.
///
/// The primary tells workers as well, for the word to count at once. But it cannot tell who has not
/// said hello so far, or does not read: those find it here, with one of their next looks.
class heeded_level {
public:
    heeded_level() noexcept = default;  ///< Nobody says anything.
    /// `by_settings` counts while nobody says anything, and is in force.
    /// Lifetime: of the commons. Errors: none; where the word cannot be read, nobody says anything.
    heeded_level(const board::commons& in, std::uint32_t slot, log::level by_settings) noexcept;

    /// Changes the level of the log if what is said is not what was said at the last look: so the
    /// program may choose one itself, until somebody says something else.
    void look() noexcept;

private:
    std::optional<board::said_levels> said_;
    std::uint32_t slot_ = 0;
    log::level by_settings_ = log::level::info;
    std::optional<std::uint8_t> seen_;
};

}  // namespace cohort::work
