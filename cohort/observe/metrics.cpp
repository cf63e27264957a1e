#include <cohort/observe/metrics.hpp>

#include <cohort/observe/detail/gauge_word.hpp>
#include <cohort/observe/detail/metric_registry.hpp>

#include <unistd.h>

#include <cmath>
#include <string>
#include <utility>

namespace cohort::metrics {

namespace {

using detail::registry;
using observe::metric_description;
using observe::metric_type;

metric_description describe(std::string_view name, std::string_view help, labels by)
{
    metric_description made;
    made.name = name;
    made.help = help;
    made.labels.assign(by.begin(), by.end());
    return made;
}

metric_description describe_histogram(std::string_view name, std::string_view help, labels by,
                                      const histogram_options& more)
{
    metric_description made = describe(name, help, by);
    made.type = metric_type::histogram;
    made.precision = more.precision;
    made.exemplars = more.exemplars;
    return made;
}

/// In the unit of what is recorded.
std::vector<std::uint64_t> edges_of(const histogram_options& more, unit in)
{
    if (more.buckets.empty())
        return observe::usual_edges(in);
    std::vector<std::uint64_t> edges;
    for (const double each : more.buckets) {
        const double scaled = std::round(in == unit::seconds ? each * 1e9 : each);
        const auto top = static_cast<double>(observe::histogram_scale::top(in));
        // What is no number or below zero breaks the rule that buckets ascend, or is too large.
        edges.push_back(scaled >= 0 && scaled < top ? static_cast<std::uint64_t>(scaled)
                                                    : observe::histogram_scale::top(in));
    }
    return edges;
}

template <class Series>
family<Series>& declare(metric_description what, std::size_t series_max)
{
    const detail::family::maker make = [](detail::family& in, std::vector<std::string> values) {
        return std::unique_ptr<detail::series>{new Series{in, std::move(values)}};
    };
    return registry::here().declare<family<Series>>(std::move(what), series_max, make);
}

family<time_counter_series>& declare_time(metric_description what, std::size_t series_max)
{
    what.unit = unit::seconds;
    return declare<time_counter_series>(std::move(what), series_max);
}

family<gauge_series>& declare_gauge(metric_description what, const gauge_options& more)
{
    what.type = metric_type::gauge;
    what.across = more.over;
    return declare<gauge_series>(std::move(what), more.series_max);
}

family<histogram_series>& declare_times(metric_description what, const histogram_options& more)
{
    what.unit = unit::seconds;
    what.edges = edges_of(more, what.unit);
    return declare<histogram_series>(std::move(what), more.series_max);
}

family<size_histogram_series>& declare_sizes(metric_description what, const histogram_options& more)
{
    if (what.name.ends_with("_bytes"))
        what.unit = unit::bytes;
    what.edges = edges_of(more, what.unit);
    return declare<size_histogram_series>(std::move(what), more.series_max);
}

}  // namespace

namespace detail {

void series::add_slowly(std::size_t cell, std::uint64_t amount) noexcept
{
    board::metric_block& page = registry::here().page_here(*this);
    board::grow_shared(page, spot_.load(std::memory_order_relaxed).first() + cell, amount);
}

series::word& series::gauge_word() const noexcept
{
    board::metric_block& page = registry::here().gauge_page(*this);
    return page.words[spot_.load(std::memory_order_relaxed).first()];
}

std::uint64_t series::sum(std::size_t cell) const { return registry::here().sum(*this, cell); }

void series::mark(std::size_t edge, std::uint64_t value,
                  const std::array<std::uint64_t, 2>& trace) noexcept
{
    if (!family_->what_.exemplars)
        return;
    constexpr auto relaxed = std::memory_order_relaxed;
    constexpr std::size_t words = observe::histogram_layout::exemplar_words;
    const spot at = spot_.load(relaxed);
    board::metric_block* page = own_page(at);
    if (page == nullptr)
        page = &registry::here().page_here(*this);
    const std::size_t first = at.first() + family_->layout_.exemplars + edge * words;
    board::touch(*page, first + words - 1);
    word* const into = &page->words[first];
    const std::uint64_t when = now_ns();
    // Two writers at once, or one that dies, leave what the checksum refuses.
    into[0].store(trace[0], relaxed);
    into[1].store(trace[1], relaxed);
    into[2].store(value, relaxed);
    into[3].store(when, relaxed);
    into[4].store(exemplar_sum(trace, value, when), std::memory_order_release);
}

family::family(metric_description what, std::size_t series_max, maker make)
    : what_{std::move(what)}, series_max_{series_max}, make_{make}
{
    layout_.end = 1;
    if (what_.type == metric_type::histogram) {
        scale_ = std::make_unique<observe::histogram_scale>(what_);
        layout_ = observe::histogram_cells(what_);
    }
}

series& family::find(std::span<const std::string_view> values)
{
    return registry::here().find(*this, values);
}

}  // namespace detail

void gauge_series::set(double value) noexcept
{
    gauge_word().store(detail::gauge_bits(value), std::memory_order_release);
}

void gauge_series::add(double amount) noexcept
{
    word& at = gauge_word();
    std::uint64_t seen = at.load(std::memory_order_relaxed);
    while (!at.compare_exchange_weak(
        seen, detail::gauge_bits(detail::gauge_value(seen).value_or(0) + amount),
        std::memory_order_acq_rel))
    {
    }
}

double gauge_series::value() const noexcept
{
    return detail::gauge_value(gauge_word().load(std::memory_order_acquire)).value_or(0);
}

counter_series& counter(std::string_view name, std::string_view help)
{
    return declare<counter_series>(describe(name, help, {}), 1).with();
}

family<counter_series>& counter(std::string_view name, std::string_view help, labels by,
                                counter_options more)
{
    return declare<counter_series>(describe(name, help, by), more.series_max);
}

time_counter_series& time_counter(std::string_view name, std::string_view help)
{
    return declare_time(describe(name, help, {}), 1).with();
}

family<time_counter_series>& time_counter(std::string_view name, std::string_view help, labels by,
                                          counter_options more)
{
    return declare_time(describe(name, help, by), more.series_max);
}

gauge_series& gauge(std::string_view name, std::string_view help, gauge_options more)
{
    return declare_gauge(describe(name, help, {}), more).with();
}

family<gauge_series>& gauge(std::string_view name, std::string_view help, labels by,
                            gauge_options more)
{
    return declare_gauge(describe(name, help, by), more);
}

histogram_series& histogram(std::string_view name, std::string_view help,
                            const histogram_options& more)
{
    return declare_times(describe_histogram(name, help, {}, more), more).with();
}

family<histogram_series>& histogram(std::string_view name, std::string_view help, labels by,
                                    const histogram_options& more)
{
    return declare_times(describe_histogram(name, help, by, more), more);
}

size_histogram_series& size_histogram(std::string_view name, std::string_view help,
                                      const histogram_options& more)
{
    return declare_sizes(describe_histogram(name, help, {}, more), more).with();
}

family<size_histogram_series>& size_histogram(std::string_view name, std::string_view help,
                                              labels by, const histogram_options& more)
{
    return declare_sizes(describe_histogram(name, help, by, more), more);
}

void settle(const board::commons& where, std::uint32_t slot)
{
    registry::here().settle(where, {.pid = ::getpid(), .slot = slot});
    registry::here().owns();
}

void born() noexcept
{
    registry::here().forget();
    registry::here().owns_no_more();
}

}  // namespace cohort::metrics
