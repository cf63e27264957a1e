#pragma once
// What is behind a metric in a program's hands: words of this process, found once.

#include <cohort/observe/detail/metric_column.hpp>
#include <cohort/observe/histogram_scale.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohort::metrics::detail {

/// The column that this thread alone writes into, without exchanges. Null: it has none, or not yet.
inline constinit thread_local column* mine = nullptr;

class family;

/// One series. A resource; its place in memory is what programs keep.
class series {
public:
    using word = board::metric_word;

    series(family& of, std::vector<std::string> values) noexcept
        : family_{&of}, values_{std::move(values)}
    {}
    series(const series&) = delete;
    series& operator=(const series&) = delete;

protected:
    void add_to(std::size_t cell, std::uint64_t amount) noexcept
    {
        const spot at = spot_.load(std::memory_order_relaxed);
        if (board::metric_block* const page = own_page(at)) [[likely]]
            board::grow(*page, at.first() + cell, amount);
        else
            add_slowly(cell, amount);
    }
    void record_value(std::uint64_t value,
                      const std::array<std::uint64_t, 2>* trace = nullptr) noexcept
    {
        const observe::histogram_scale::spot in = scale_->spot_of(value);
        constexpr std::size_t sum = observe::histogram_layout::sum;
        constexpr std::size_t first = observe::histogram_layout::first;
        const spot at = spot_.load(std::memory_order_relaxed);
        // A count before its sum: who dies in between has recorded nothing too often.
        if (board::metric_block* const page = own_page(at)) [[likely]] {
            board::grow(*page, at.first() + first + in.cell, 1);
            board::grow(*page, at.first() + sum, value);
        } else {
            add_slowly(first + in.cell, 1);
            add_slowly(sum, value);
        }
        if (trace != nullptr)
            mark(in.edge, value, *trace);
    }
    /// The word of a gauge: of this process, whichever thread asks.
    [[nodiscard]] word& gauge_word() const noexcept;
    /// Over all columns.
    [[nodiscard]] std::uint64_t sum(std::size_t cell) const;

private:
    friend class registry;
    friend class family;

    [[nodiscard]] static board::metric_block* own_page(spot at) noexcept
    {
        const column* const own = mine;
        return own != nullptr ? own->page_of(at) : nullptr;
    }
    void add_slowly(std::size_t cell, std::uint64_t amount) noexcept;
    void mark(std::size_t edge, std::uint64_t value,
              const std::array<std::uint64_t, 2>& trace) noexcept;

    mutable std::atomic<spot> spot_{spot{}};
    const observe::histogram_scale* scale_ = nullptr;
    family* family_;
    std::vector<std::string> values_;
};

/// All series of a name. A resource.
class family {
public:
    using maker = std::unique_ptr<series> (*)(family&, std::vector<std::string>);

    family(observe::metric_description what, std::size_t series_max, maker make);
    family(const family&) = delete;
    family& operator=(const family&) = delete;

    [[nodiscard]] const observe::metric_description& what() const noexcept { return what_; }

    /// Errors: throws failure, another number of values.
    [[nodiscard]] series& find(std::span<const std::string_view> values);

private:
    friend class registry;
    friend class series;

    observe::metric_description what_;
    std::unique_ptr<observe::histogram_scale> scale_;
    observe::histogram_layout layout_;
    std::size_t series_max_;
    maker make_;
    // Below: the registry's lock.
    std::unordered_map<std::string, std::unique_ptr<series>> series_;
    series* other_ = nullptr;
};

}  // namespace cohort::metrics::detail
