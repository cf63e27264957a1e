#pragma once

#include <cohort/board/metric_directory.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cohort::board {

/// What this process has read of the directory, and where the words of each series are in every
/// column: which follows from the series before it, so that nobody has to note it down. A resource.
/// Thread: one at a time.
class metric_index {
public:
    /// Of a series that has no words: the columns are full.
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};

    struct entry {
        metric_record what;  ///< kind none: what was there is not to be believed
        std::uint32_t place = nowhere;
        std::uint32_t series = 0;  ///< of a family: how many there are
    };

    explicit metric_index(metric_directory of) noexcept
        : of_{of}
    {}

    /// Reads what has been added meanwhile.
    void update();
    /// By number: all that there was at the last update() or enter().
    [[nodiscard]] std::span<const entry> entries() const noexcept { return entries_; }
    [[nodiscard]] const metric_directory& directory() const noexcept { return of_; }

    enum class refusal : std::uint8_t {
        family_full,  ///< as many series as `series_max`
        full,         ///< no room in the directory or in the columns
    };
    /// The number of that family or series, which is entered if it is not there yet.
    /// @param series_max  of its family, if it is a series; 0: it is the one for all that find no
    ///                    room, and has its own.
    [[nodiscard]] std::expected<std::uint32_t, refusal> enter(const metric_record& what,
                                                              std::size_t series_max);

private:
    void take_in(const metric_directory::outline& seen);
    [[nodiscard]] bool has_room(const metric_record& what, std::size_t series_max) const noexcept;
    [[nodiscard]] std::uint32_t place_for(metric_kind kind, std::uint32_t cells) const noexcept;

    metric_directory of_;
    metric_text spare_;
    std::vector<entry> entries_;
    std::unordered_map<std::string, std::uint32_t> numbers_;  // by kind, parent and key
    std::uint32_t series_end_ = 0;
    std::uint32_t gauges_end_ = metric_series_pages * metric_page_words;
};

}  // namespace cohort::board
