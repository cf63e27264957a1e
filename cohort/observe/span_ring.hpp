#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/message_ring.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::observe {

/// Spans that have ended, in memory that all workers of a cohort share and that outlives each of
/// them, until one process has sent them. Each is the text that goes out. A resource; any thread.
///
/// Nobody waits: when spans come faster than they are sent, the oldest ones are overwritten, and
/// the reader counts them. There is room for about 4,000 of the usual size.
class span_ring {
public:
    static constexpr std::string_view area_name = "spans/1";
    static constexpr std::uint32_t usual_blocks = 8192;  ///< 512 bytes each.

    explicit span_ring(std::string_view area = area_name, std::uint32_t blocks = usual_blocks);

    enum class outcome : std::uint8_t {
        published,
        too_large,  ///< Over 65,536 bytes.
        refused,    ///< There is no shared memory left, or this thread was overtaken.
    };
    [[nodiscard]] outcome publish(std::string_view span) noexcept;

    [[nodiscard]] std::optional<board::message_ring> messages() noexcept;
    /// Up to which one everything was sent; of whoever sends.
    [[nodiscard]] std::atomic<std::uint64_t>* sent() noexcept;

private:
    board::common_area ring_;
    board::common_area sent_;
};

/// The one who sends. Where it stopped, its successor goes on: what was taken and not yet settled
/// comes again. A resource of one process; one thread.
class span_reader {
public:
    /// Errors: errc::too_large, there is no shared memory left.
    [[nodiscard]] static result<span_reader> open(span_ring& from);

    struct bounds {
        std::size_t spans;
        std::size_t bytes;
    };
    /// Takes the next ones, as many as there are within the bounds, at least one whatever its
    /// size. While somebody has begun to write, those behind wait for up to 50 ms.
    [[nodiscard]] std::vector<std::string> take(const bounds& most, steady_time now);

    /// What was taken so far does not come again.
    void settle() noexcept;

    /// There is something new, in words of 512 bytes; an estimate.
    [[nodiscard]] std::uint64_t waiting() const noexcept
    {
        return ring_.last() - seen_.position() + (next_.empty() ? 0 : 1);
    }
    /// How many were overwritten before they were taken, at most.
    [[nodiscard]] std::uint64_t lost() const noexcept { return seen_.lost(); }

private:
    span_reader(board::message_ring ring, std::atomic<std::uint64_t>& sent) noexcept;

    board::message_ring ring_;
    std::atomic<std::uint64_t>* sent_;
    board::ring_reader seen_;
    std::string next_;  // read, and did not fit
    std::uint64_t settled_ = 0;
};

}  // namespace cohort::observe
