#pragma once

#include <cohort/board/metric_cells.hpp>
#include <cohort/board/metric_index.hpp>
#include <cohort/observe/detail/metric_column.hpp>
#include <cohort/observe/detail/metric_series.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::metrics::detail {

/// All metrics of this process, and where it counts. A resource; one a process.
class registry {
public:
    static registry& here();

    /// Errors: throws failure, it is not as it has to be or there is another one of that name.
    template <class Family>
    Family& declare(observe::metric_description what, std::size_t series_max, family::maker how)
    {
        const std::lock_guard only{lock_};
        if (family* const known = known_as(what))
            return static_cast<Family&>(*known);
        auto made = std::make_unique<Family>(std::move(what), series_max, how);
        Family& found = *made;
        families_.emplace(found.what().base(), std::move(made));
        return found;
    }

    void settle(const board::commons& where, const board::metric_writer& who);
    void forget() noexcept;

    /// The calling thread counts in the process's own column from now on, and nobody else; or no
    /// longer.
    void owns() noexcept;
    void owns_no_more() noexcept;
    /// That thread ends: the next one that comes goes on in its column.
    void leave(column& its) noexcept;

    [[nodiscard]] series& find(family& in, std::span<const std::string_view> values);
    /// The page with the words of a series that the calling thread may add to, by exchange.
    [[nodiscard]] board::metric_block& page_here(const series& what) noexcept;
    /// Likewise, of a gauge: that of the process.
    [[nodiscard]] board::metric_block& gauge_page(const series& what) noexcept;
    [[nodiscard]] std::uint64_t sum(const series& what, std::size_t cell);

private:
    registry() noexcept;

    /// Where this process is to count, once it does.
    struct home {
        board::commons where;
        board::metric_writer who;
        bool complained = false;
    };
    /// Where it counts.
    struct site {
        board::metric_cells cells;
        board::metric_index index;
        board::metric_writer who;
    };
    /// So many threads have a column of their own at a time: as many as a worker may have lanes.
    static constexpr std::size_t threads_max = 64;

    [[nodiscard]] column* of_this_thread() noexcept;
    void claim(column& in, const site& at) noexcept;
    [[nodiscard]] board::metric_block* resolve(const series& what, column& in) noexcept;

    [[nodiscard]] family* known_as(const observe::metric_description& what);
    [[nodiscard]] site* settled();
    void let_go() noexcept;
    [[nodiscard]] std::optional<std::uint32_t> number_of(const family& which, site& at);
    [[nodiscard]] std::expected<std::uint32_t, board::metric_index::refusal>
    enter(const series& what, site& at);
    [[nodiscard]] std::uint32_t place_of(const series& what, site& at);
    [[nodiscard]] series& make(family& in, std::string key, std::vector<std::string> values);
    [[nodiscard]] series& other_of(family& in);

    std::mutex lock_;
    std::map<std::string, std::unique_ptr<family>, std::less<>> families_;  // by base name
    std::optional<home> home_;
    std::optional<site> site_;
    column own_;
    column shared_;
    std::vector<std::unique_ptr<column>> threads_;
};

}  // namespace cohort::metrics::detail
