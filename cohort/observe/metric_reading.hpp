#pragma once
// What all metrics of a cohort say at one moment, over all processes.

#include <cohort/board/commons.hpp>
#include <cohort/board/metric_cells.hpp>
#include <cohort/board/metric_index.hpp>
#include <cohort/observe/histogram_reading.hpp>
#include <cohort/observe/histogram_scale.hpp>
#include <cohort/observe/metric_description.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohort::observe {

struct series_reading {
    std::span<const std::string> values;  ///< of the labels; valid as long as the reader
    std::optional<std::uint32_t> slot;    ///< of a gauge that is shown for each
    std::uint64_t count = 0;              ///< of a counter; nanoseconds if it is seconds
    double gauge = 0;
    histogram_reading histogram;
};

/// One name: its description, and its series. Valid as long as the reader.
struct family_reading {
    struct part {
        const metric_description* what = nullptr;
        std::vector<series_reading> series;
    };
    const metric_description* what = nullptr;  ///< the one that was declared last
    const histogram_scale* scale = nullptr;    ///< of a histogram
    std::span<const std::uint64_t> bounds;     ///< of the scale's cells
    std::vector<part> parts;                   ///< more than one: after a reload the labels differ
};

/// How metrics themselves fare. A value.
struct metrics_health {
    std::uint64_t refused = 0;  ///< times that there was no room for a family or a page
    std::vector<std::pair<std::string, std::uint64_t>> overflows;  ///< families that were full
    std::size_t series = 0;
    std::size_t columns = 0;  ///< that are somebody's
    std::size_t bytes = 0;    ///< of memory for values
};

/// As what that is shown: `cohort_metrics_…`.
[[nodiscard]] metric_description overflows_description();
[[nodiscard]] metric_description refused_description();

/// Everything, by name. Valid as long as the reader, until its next read().
struct metrics_reading {
    std::vector<family_reading> families;
    metrics_health health;
    /// What CLOCK_REALTIME was ahead of CLOCK_MONOTONIC, which times in here are of.
    std::uint64_t wall_ahead_ns = 0;
};

/// Reads metrics out of shared memory, without asking anybody: workers may hang, die or be stopped.
/// A resource. Thread: one at a time.
class metric_reader {
public:
    /// Errors: those of commons::area().
    [[nodiscard]] static result<metric_reader> of(const board::commons& where);

    [[nodiscard]] metrics_reading read();

private:
    metric_reader(const board::commons& where, board::metric_cells cells)
        : where_{where}, cells_{cells}, index_{board::metric_directory{cells.head()}}
    {}

    struct known_family {
        metric_description what;
        std::unique_ptr<histogram_scale> scale;
        std::vector<std::uint64_t> bounds;
        histogram_layout layout;
    };
    struct known_series {
        std::uint32_t family = 0;
        std::uint32_t place = 0;
        std::vector<std::string> values;
    };
    /// Of one column: which of its words count.
    struct column_view {
        bool gauges = false;
        std::optional<std::uint32_t> slot;
    };
    struct page_view {
        std::uint32_t column;
        const board::metric_block* its;
    };

    void learn();
    void learn_family(std::uint32_t number);
    [[nodiscard]] std::vector<column_view> look_at_columns(metrics_health& health) const;
    void sum_up(metrics_health& health);
    [[nodiscard]] std::uint64_t total(std::uint32_t place) const noexcept;
    void read_gauge(const known_series& from, const std::vector<column_view>& columns,
                    std::vector<series_reading>& into) const;
    [[nodiscard]] histogram_reading read_histogram(const known_series& from,
                                                   const known_family& of) const;
    [[nodiscard]] std::vector<std::uint32_t> chosen(const std::string& name) const;

    board::commons where_;
    board::metric_cells cells_;
    board::metric_index index_;
    std::size_t learned_ = 0;
    // By number in the directory; what is not to be believed is not there.
    std::map<std::uint32_t, known_family> families_;
    std::map<std::string, std::vector<std::uint32_t>, std::less<>> by_name_;
    std::map<std::uint32_t, std::vector<known_series>> series_;  // by family
    std::uint32_t series_end_ = 0;                               // of places
    std::vector<std::uint64_t> totals_;                          // by place, over all columns
    std::vector<std::vector<page_view>> pages_;                  // by page
};

}  // namespace cohort::observe
