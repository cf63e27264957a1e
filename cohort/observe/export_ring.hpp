#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/message_ring.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::observe {

/// Texts (spans, lines of the log) that wait in memory which all processes of a cohort share and
/// which outlives each of them, until one process has sent them. A view; any thread. Lifetime: of
/// the memory.
///
/// Nobody waits: when they come faster than they are sent, the oldest ones are overwritten, and the
/// reader counts them.
class export_ring {
public:
    static constexpr std::uint32_t usual_blocks = 8192;  ///< 512 bytes each: 4 MiB.

    [[nodiscard]] static constexpr std::size_t ring_bytes(std::uint32_t blocks) noexcept
    {
        return board::message_ring::bytes_for(blocks);
    }
    static constexpr std::size_t sent_bytes = sizeof(std::uint64_t);
    /// What the area is called in which it is written how many were sent.
    [[nodiscard]] static std::string sent_area(std::string_view area);

    /// The one of that name and size. Errors: those of commons::area().
    [[nodiscard]] static result<export_ring> in(const board::commons& where, std::string_view area,
                                                std::uint32_t blocks = usual_blocks);
    /// Of areas of ring_bytes() and of sent_bytes.
    export_ring(std::span<std::byte> ring, std::span<std::byte> sent) noexcept;

    enum class outcome : std::uint8_t {
        published,
        too_large,  ///< Over 65,536 bytes.
        refused,    ///< There is no shared memory left, or this thread was overtaken.
    };
    /// @param topic  what it is, in a word
    [[nodiscard]] outcome publish(std::string_view topic, std::string_view text) const noexcept;

    /// For who looks without sending.
    [[nodiscard]] const board::message_ring& messages() const noexcept { return messages_; }

private:
    friend class export_reader;

    board::message_ring messages_;
    /// Up to which one everything was sent; of whoever sends.
    std::atomic<std::uint64_t>* sent_;
};

/// Something that waited there. A value.
struct export_item {
    std::string text;
    std::uint64_t published_ns = 0;  ///< CLOCK_MONOTONIC

    friend bool operator==(const export_item&, const export_item&) = default;
};

/// The one who sends. Where it stopped, its successor goes on: what was taken and not yet settled
/// comes again. A resource of one process; one thread.
class export_reader {
public:
    explicit export_reader(const export_ring& from) noexcept;

    struct bounds {
        std::size_t items;
        std::size_t bytes;
    };
    /// Takes the next ones, as many as there are within the bounds, at least one whatever its
    /// size. While somebody has begun to write, those behind wait for up to 50 ms.
    [[nodiscard]] std::vector<export_item> take(const bounds& most, steady_time now);

    /// What was taken so far does not come again.
    void settle() noexcept;

    /// There is something new, in words of 512 bytes; an estimate.
    [[nodiscard]] std::uint64_t waiting() const noexcept
    {
        return ring_.last() - seen_.position() + (next_ ? 1 : 0);
    }
    /// How many were overwritten before they were taken, at most.
    [[nodiscard]] std::uint64_t lost() const noexcept { return seen_.lost(); }

private:
    board::message_ring ring_;
    std::atomic<std::uint64_t>* sent_;
    board::ring_reader seen_;
    std::optional<export_item> next_;  // read, and did not fit
    std::uint64_t settled_ = 0;
};

}  // namespace cohort::observe
