#pragma once
// Numbers that a program counts, for the whole cohort:
//
//     auto& paid = metrics::counter("payments_total", "Payments made", {"currency"});
//     …
//     paid.with("EUR").add();
//
// They lie in memory that all workers share and that outlives them: one scrape answers for
// everybody, and a counter never goes down because a worker died or was replaced.
//
// Declare a metric where routes are set up, and keep what with() returns where the same labels come
// again and again: adding to it is one or two nanoseconds, finding it a hundred. What is counted
// before a process is a worker is its own affair, and nobody else sees it.
//
// All of this: any thread. References are good for as long as the process lives.

#include <cohort/base/clock.hpp>
#include <cohort/base/decimal.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/metric_cells.hpp>
#include <cohort/observe/detail/metric_series.hpp>
#include <cohort/observe/histogram_scale.hpp>
#include <cohort/observe/metric_description.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

namespace cohort::metrics {

/// Counts events. It never goes down.
class counter_series : public detail::series {
public:
    using series::series;
    void add(std::uint64_t amount = 1) noexcept { add_to(0, amount); }
    /// Of the whole cohort. For tests: it looks through everything.
    [[nodiscard]] std::uint64_t value() const { return sum(0); }
};

/// Sums up time that was spent.
class time_counter_series : public detail::series {
public:
    using series::series;
    void add(nanoseconds spent) noexcept
    {
        if (spent.count() > 0)
            add_to(0, static_cast<std::uint64_t>(spent.count()));
    }
    [[nodiscard]] nanoseconds value() const
    {
        return nanoseconds{static_cast<std::int64_t>(sum(0))};
    }
};

/// A number that goes up and down, in each process of its own. It counts for as long as its process
/// lives, and from the first time that it was set.
class gauge_series : public detail::series {
public:
    using series::series;
    void set(double value) noexcept;
    void add(double amount = 1) noexcept;
    void subtract(double amount = 1) noexcept { add(-amount); }
    /// Of this process alone; 0: it was never set.
    [[nodiscard]] double value() const noexcept;
};

/// A trace that a value came from: a reader of the metric can go and look at it.
using trace_id = std::array<std::uint64_t, 2>;

/// How often something took how long.
class histogram_series : public detail::series {
public:
    using series::series;
    /// What is negative counts as nothing.
    void record(nanoseconds took) noexcept { record_value(as_value(took)); }
    /// The trace is shown beside the bucket, if the histogram was declared with `exemplars`.
    void record(nanoseconds took, const trace_id& of) noexcept
    {
        record_value(as_value(took), &of);
    }

    /// Records the time until its end. A resource.
    class timer {
    public:
        explicit timer(histogram_series& into) noexcept
            : into_{into}, since_{now()}
        {}
        timer(const timer&) = delete;
        timer& operator=(const timer&) = delete;
        ~timer() { into_.record(now() - since_); }

    private:
        histogram_series& into_;
        steady_time since_;
    };
    ///     const auto timing = took.time();
    [[nodiscard]] timer time() noexcept { return timer{*this}; }

private:
    [[nodiscard]] static std::uint64_t as_value(nanoseconds took) noexcept
    {
        return took.count() > 0 ? static_cast<std::uint64_t>(took.count()) : 0;
    }
};

/// How often something was how large.
class size_histogram_series : public detail::series {
public:
    using series::series;
    void record(std::uint64_t size) noexcept { record_value(size); }
    void record(std::uint64_t size, const trace_id& of) noexcept { record_value(size, &of); }
};

/// All series of one name, told apart by the values of its labels.
template <class Series>
class family : public detail::family {
public:
    using detail::family::family;

    /// The series with these values, one for each label, texts or integers; beyond `series_max` the
    /// one whose values are all "other". What is no UTF-8 or longer than 256 bytes is made so that
    /// it is neither. Errors: throws failure, as many values as labels have to be given.
    template <class... Values>
    [[nodiscard]] Series& with(const Values&... values)
    {
        const std::tuple texts{as_text(values)...};
        return std::apply(
            [this](const auto&... each) -> Series& {
                const std::array<std::string_view, sizeof...(Values)> views{view_of(each)...};
                return static_cast<Series&>(find(views));
            },
            texts);
    }

private:
    template <class T>
    static auto as_text(const T& value)
    {
        if constexpr (std::integral<T> && !std::same_as<T, bool>)
            return decimal{value};
        else
            return std::string_view{value};
    }
    static std::string_view view_of(std::string_view text) noexcept { return text; }
    static std::string_view view_of(const decimal& number) noexcept { return number.view(); }
};

/// How the gauges of several processes become one number.
using across = observe::metric_across;
using unit = observe::metric_unit;
using labels = std::initializer_list<std::string_view>;

/// How many series a family can have unless it says otherwise; who asks for more gets "other".
inline constexpr std::size_t series_max_usual = 200;

struct counter_options {
    std::size_t series_max = series_max_usual;
};
struct gauge_options {
    across over = across::sum;  ///< each: one series for each slot, with a label `slot`
    std::size_t series_max = series_max_usual;
};
struct histogram_options {
    /// Where the classic buckets end, in seconds (or in what the sizes are), ascending. Quantiles
    /// do not depend on them. Empty: OpenTelemetry's, 5 ms to 10 s; or powers of four.
    std::vector<double> buckets;
    /// 3: quantiles are right to 6 %, and a series takes 2 KiB in each worker that uses it; 5: to
    /// 1.6 %, and 7 KiB.
    std::uint8_t precision = 3;
    bool exemplars = false;
    std::size_t series_max = series_max_usual;
};

// Each of these declares a metric, or finds it: to say the same twice is allowed. `help` says in a
// sentence what it is. Without labels there is one series, which is returned.
// Errors: throws failure. errc::bad_value, the name or a label is not as Prometheus wants it, or
//         this program has another metric of that name: the text says which rule. Call it where
//         routes are set up.

/// The name ends in `_total`.
counter_series& counter(std::string_view name, std::string_view help);
family<counter_series>& counter(std::string_view name, std::string_view help, labels by,
                                counter_options more = {});

/// The name ends in `_seconds_total`.
time_counter_series& time_counter(std::string_view name, std::string_view help);
family<time_counter_series>& time_counter(std::string_view name, std::string_view help, labels by,
                                          counter_options more = {});

gauge_series& gauge(std::string_view name, std::string_view help, gauge_options more = {});
family<gauge_series>& gauge(std::string_view name, std::string_view help, labels by,
                            gauge_options more = {});

/// Of times; the name ends in `_seconds`.
histogram_series& histogram(std::string_view name, std::string_view help,
                            const histogram_options& more = {});
family<histogram_series>& histogram(std::string_view name, std::string_view help, labels by,
                                    const histogram_options& more = {});

/// Of sizes; the name ends in `_bytes` if it is bytes that are counted.
size_histogram_series& size_histogram(std::string_view name, std::string_view help,
                                      const histogram_options& more = {});
family<size_histogram_series>& size_histogram(std::string_view name, std::string_view help,
                                              labels by, const histogram_options& more = {});

/// From now on this process counts there, as who sits in that slot, and this thread adds without
/// exchanges: for the thread that counts most. Whoever runs workers calls it; a plain program need
/// not. Order: nobody counts meanwhile.
void settle(const board::commons& where, std::uint32_t slot = board::metric_writer::nobody);

/// This process was forked from one that counts: it counts for itself until it has settled.
void born() noexcept;

}  // namespace cohort::metrics
