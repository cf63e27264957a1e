#pragma once
// What an operator said of the lines that workers write: where workers find it before they are
// told, and where the next primary does.

#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/layout.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

namespace cohort::board {

/// A view; a value. The primary writes, everybody reads. Levels are the numbers of log::level.
/// Lifetime: of the commons.
class said_levels {
public:
    static constexpr std::uint8_t level_max = 6;  ///< a larger one is a wild pointer's

    /// Errors: those of commons::area().
    [[nodiscard]] static result<said_levels> open(const commons& in);

    /// What counts in this slot: what was said of it, else what was said of all. Nothing: neither.
    [[nodiscard]] std::optional<std::uint8_t> in_slot(std::uint32_t slot) const noexcept;
    [[nodiscard]] std::optional<std::uint8_t> of_all() const noexcept;

    /// Nothing: as all others. `slot` beyond slots_max: nothing happens.
    void say(std::uint32_t slot, std::optional<std::uint8_t> level) const noexcept;
    /// Nothing: as the settings say. What was said of single slots is forgotten.
    void say_of_all(std::optional<std::uint8_t> level) const noexcept;

private:
    /// Level + 1; 0: nothing was said.
    using word = std::atomic<std::uint8_t>;
    struct words {
        word all;
        std::array<word, slots_max> slot;
    };
    static_assert(word::is_always_lock_free);

    explicit said_levels(words& in) noexcept
        : in_{&in}
    {}
    words* in_;
};

}  // namespace cohort::board
