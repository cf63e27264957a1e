#pragma once
// Where the words of this process are that it, or one of its threads, counts in.

#include <cohort/board/metric_cells.hpp>

#include <array>
#include <atomic>
#include <bitset>
#include <cstddef>
#include <cstdint>

namespace cohort::metrics::detail {

/// Where a series is in every column: its page and the first of its words there. A value.
class spot {
public:
    /// Of a series that nobody has looked for yet: on a page that no column has.
    constexpr spot() noexcept = default;
    constexpr explicit spot(std::uint32_t place) noexcept
        : packed_{place / words << bits | place % words}
    {}
    /// For whom there is no room: on a page that is read by nobody.
    [[nodiscard]] static constexpr spot nowhere() noexcept { return spot{(pages + 1) * words}; }

    [[nodiscard]] constexpr std::size_t page() const noexcept { return packed_ >> bits; }
    [[nodiscard]] constexpr std::size_t first() const noexcept
    {
        return packed_ & ((1U << bits) - 1);
    }

    static constexpr std::uint32_t pages = board::metric_pages_max;

private:
    static constexpr std::uint32_t words = board::metric_page_words;
    static constexpr unsigned bits = 10;
    static_assert(words <= 1U << bits);

    std::uint32_t packed_ = pages << bits;
};

/// A column as far as this process has found it. A resource, for as long as the process lives:
/// threads keep its address.
class column {
public:
    constexpr column() noexcept = default;
    column(const column&) = delete;
    column& operator=(const column&) = delete;

    /// Null: not found yet, or never to be.
    [[nodiscard]] board::metric_block* page_of(spot at) const noexcept
    {
        return pages_[at.page()].load(std::memory_order_acquire);
    }

private:
    friend class registry;

    std::array<std::atomic<board::metric_block*>, spot::pages + 2> pages_{};
    // Below: the registry's lock, or the thread whose column it is.
    std::bitset<spot::pages> closed_;  // pages for which there is no room
    std::uint32_t number_ = 0;         // of the column, once it is claimed
    bool claimed_ = false;
    bool taken_ = false;  // by a thread that lives
};

}  // namespace cohort::metrics::detail
