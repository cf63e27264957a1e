#pragma once

#include <cohort/board/slot.hpp>

#include <cstdint>
#include <optional>

namespace cohort::board {

/// What a row said at one moment. A value, in range: a stage that does not exist reads as vacant.
struct slot_reading {
    std::uint64_t tenant = 0;
    std::uint64_t worker_id = 0;
    std::uint64_t beat_ns = 0;
    std::uint64_t connections_total = 0;
    std::uint64_t inbox_taken_total = 0;
    std::uint64_t requests_total = 0;
    std::uint32_t connections_open = 0;
    std::uint32_t requests_running = 0;
    std::uint32_t lanes_busy = 0;
    std::uint32_t lanes = 0;
    board::stage stage = stage::vacant;
    bool accepting = false;

    friend bool operator==(const slot_reading&, const slot_reading&) = default;
};

/// What `tenant` last wrote, or nothing if the row changed hands meanwhile. Never waits.
[[nodiscard]] std::optional<slot_reading> read(const slot& row, std::uint64_t tenant) noexcept;

/// What the present tenant, whoever it is, last wrote; nothing if the row is vacant or changed
/// hands meanwhile. Never waits.
[[nodiscard]] std::optional<slot_reading> read(const slot& row) noexcept;

}  // namespace cohort::board
