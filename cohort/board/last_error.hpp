#pragma once
// The last error that each worker logged, and how many there were: in shared memory, so that
// whoever looks sees it, however many other lines came since, and asks no worker.

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/layout.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace cohort::board {

/// The area of board::commons. Any change of error_page raises the number.
inline constexpr std::string_view error_area_name = "errors/2";
inline constexpr std::size_t error_text_max = 216;

/// What one slot has. Written by its worker's threads; all zeros mean: nobody has been here.
///
/// An old worker may be stopped while it writes, and go on when the page is its successor's. So
/// `count` and `stamp` have the worker's id in their upper halves, and change by exchanges; what is
/// between them counts if `check` says that this worker has written all of it.
struct alignas(64) error_page {
    std::atomic<std::uint64_t> count;    // id << 32 | how many: whose page it is
    std::atomic<std::uint64_t> stamp;    // id << 32 | odd while the words below are being written
    std::atomic<std::uint64_t> check;    // of all below, by that worker
    std::atomic<std::uint64_t> when_ns;  // CLOCK_MONOTONIC
    std::atomic<std::uint64_t> bytes;
    std::array<std::atomic<std::uint64_t>, error_text_max / 8> text;
};
static_assert(sizeof(error_page) == 256);
static_assert(std::is_standard_layout_v<error_page>);

using error_pages = std::array<error_page, slots_max>;

/// What a worker said, as it was read: in range, and printable. A value.
struct error_reading {
    std::uint64_t count = 0;  ///< since it began
    std::string last;         ///< empty: none, or one is being written right now
    steady_time when{};       ///< of `last`
};

/// The pages of a cohort. A view; a value. Lifetime: of the commons.
class error_book {
public:
    /// Errors: those of commons::area().
    [[nodiscard]] static result<error_book> open(const commons& in);

    /// Makes the page of that slot this worker's, and this process writes there from now on.
    /// Errors: errc::bad_value, no such slot or worker.
    [[nodiscard]] result<> begin(std::uint32_t slot, std::uint32_t worker) const;

    /// Nothing: that worker has no page, or another one sits there. Never waits.
    [[nodiscard]] std::optional<error_reading> read(std::uint32_t slot, std::uint32_t worker) const;

private:
    explicit error_book(error_page* pages) noexcept
        : pages_{pages}
    {}
    error_page* pages_;
};

/// Counts an error, whose words are the last ones now; beyond error_text_max they are cut. Any
/// thread. Does nothing in processes that have not begun.
void note_error(std::string_view words) noexcept;

}  // namespace cohort::board
