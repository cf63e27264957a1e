#include <cohort/observe/metric_reading.hpp>

#include <cohort/base/try.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/observe/detail/gauge_word.hpp>
#include <cohort/observe/wall_ahead.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace cohort::observe {

namespace {

using board::metric_kind;

constexpr auto acquire = std::memory_order_acquire;
constexpr auto relaxed = std::memory_order_relaxed;
constexpr std::size_t page_words = board::metric_page_words;

/// What lies in lines that nobody has written to is nothing, and is not looked at.
void add_touched(const board::metric_block& from, std::span<std::uint64_t> into) noexcept
{
    constexpr std::size_t line_words = board::metric_line_words;
    for (std::size_t part = 0; part < from.touched.size(); ++part) {
        std::uint64_t lines = from.touched[part].load(acquire);
        for (; lines != 0; lines &= lines - 1) {
            const std::size_t line = part * 64 + static_cast<std::size_t>(std::countr_zero(lines));
            const std::size_t first = line * line_words;
            const std::size_t end = std::min({first + line_words, into.size(), page_words});
            for (std::size_t i = first; i < end; ++i)
                into[i] += from.words[i].load(relaxed);
        }
    }
}

}  // namespace

metric_description overflows_description()
{
    metric_description what;
    what.name = "cohort_metrics_overflows_total";
    what.help = "Times that a family had no room for one more series, and used \"other\"";
    what.labels = {"metric"};
    return what;
}

metric_description refused_description()
{
    metric_description what;
    what.name = "cohort_metrics_refused_total";
    what.help = "Times that there was no memory for a metric, which is not counted then";
    return what;
}

result<metric_reader> metric_reader::of(const board::commons& where)
{
    COHORT_TRY(auto cells, board::metric_cells::in(where));
    return metric_reader{where, cells};
}

void metric_reader::learn_family(std::uint32_t number)
{
    const board::metric_record& record = index_.entries()[number].what;
    auto what = metric_description::from(record.key, record.rest);
    if (!what)
        return;
    known_family& made = families_[number];
    made.what = *std::move(what);
    by_name_[made.what.name].push_back(number);
    if (made.what.type != metric_type::histogram)
        return;
    made.scale = std::make_unique<histogram_scale>(made.what);
    made.bounds = made.scale->bounds();
    made.layout = histogram_cells(made.what);
}

void metric_reader::learn()
{
    index_.update();
    const auto entries = index_.entries();
    for (; learned_ < entries.size(); ++learned_) {
        const board::metric_index::entry& each = entries[learned_];
        if (each.what.kind == metric_kind::family)
            learn_family(static_cast<std::uint32_t>(learned_));
        if (each.place == board::metric_index::nowhere)
            continue;
        const bool is_gauge = each.what.kind == metric_kind::gauge;
        if (!is_gauge)
            series_end_ = std::max(series_end_, each.place + each.what.cells);
        const auto family = families_.find(each.what.parent);
        if (each.what.kind == metric_kind::none || family == families_.end() ||
            (family->second.what.type == metric_type::gauge) != is_gauge ||
            family->second.what.cells() != each.what.cells)
            continue;
        auto values = unpack_values(each.what.key, family->second.what.labels.size());
        if (values)
            series_[each.what.parent].push_back({each.what.parent, each.place, *std::move(values)});
    }
}

std::vector<metric_reader::column_view> metric_reader::look_at_columns(metrics_health& health) const
{
    std::vector<column_view> found(board::metric_columns_max);
    std::map<std::uint32_t, std::pair<std::uint64_t, std::uint32_t>> newest;  // by slot
    const auto rows = where_.rows();
    for (std::uint32_t i = 1; i < board::metric_columns_max; ++i) {
        const auto its = cells_.tenant(i);
        if (its.pid == 0)
            continue;
        ++health.columns;
        if (its.part != board::metric_writer::own)
            continue;
        const bool has_row = its.slot < rows.size();
        // Whoever is in no row is asked for; and of two in one seat the later one sits there.
        if (has_row ? board::pid_of(rows[its.slot].tenant.load(acquire)) != its.pid
                    : board::is_gone(its.pid))
            continue;
        found[i].gauges = true;
        if (its.slot == board::metric_writer::nobody)
            continue;
        if (its.slot < board::slots_max)
            found[i].slot = its.slot;
        auto& known = newest[its.slot];
        if (its.claim < known.first) {
            found[i].gauges = false;
            continue;
        }
        if (known.first != 0)
            found[known.second].gauges = false;
        known = {its.claim, i};
    }
    return found;
}

void metric_reader::sum_up(metrics_health& health)
{
    totals_.assign(series_end_, 0);
    pages_.assign(board::metric_pages_max, {});
    cells_.for_each_block([&](const board::metric_cells::block& each) {
        health.bytes += sizeof(board::metric_block);
        pages_[each.page].push_back({each.column, &each.its});
        if (each.page < board::metric_series_pages)
            add_touched(each.its, std::span{totals_}.subspan(std::min<std::size_t>(
                                      each.page * page_words, totals_.size())));
    });
    std::atomic_thread_fence(acquire);
}

std::uint64_t metric_reader::total(std::uint32_t place) const noexcept
{
    return place < totals_.size() ? totals_[place] : 0;
}

void metric_reader::read_gauge(const known_series& from, const std::vector<column_view>& columns,
                               std::vector<series_reading>& into) const
{
    const metric_across across = families_.at(from.family).what.across;
    series_reading all{.values = from.values};
    std::size_t known = 0;
    for (const page_view& page : pages_[from.place / page_words]) {
        const column_view& column = columns[page.column];
        const auto value =
            metrics::detail::gauge_value(page.its->words[from.place % page_words].load(acquire));
        if (!column.gauges || !value)
            continue;
        if (across == metric_across::each && column.slot) {
            into.push_back({.values = from.values, .slot = column.slot, .gauge = *value});
            continue;
        }
        if (across == metric_across::least)
            all.gauge = known == 0 ? *value : std::min(all.gauge, *value);
        else if (across == metric_across::most)
            all.gauge = known == 0 ? *value : std::max(all.gauge, *value);
        else
            all.gauge += *value;
        ++known;
    }
    if (known == 0)
        return;
    if (across == metric_across::average)
        all.gauge /= static_cast<double>(known);
    into.push_back(std::move(all));
}

histogram_reading metric_reader::read_histogram(const known_series& from,
                                                const known_family& of) const
{
    histogram_reading found;
    found.sum = total(from.place + histogram_layout::sum);
    found.cells.resize(of.scale->cells());
    for (std::size_t i = 0; i < found.cells.size(); ++i) {
        found.cells[i] =
            total(from.place + static_cast<std::uint32_t>(histogram_layout::first + i));
        found.count += found.cells[i];
    }
    if (!of.what.exemplars)
        return found;
    found.exemplars.resize(of.what.edges.size() + 1);
    for (const page_view& page : pages_[from.place / page_words]) {
        for (std::size_t i = 0; i < found.exemplars.size(); ++i) {
            const std::size_t first = from.place % page_words + of.layout.exemplars +
                                      i * histogram_layout::exemplar_words;
            if (!board::is_touched(*page.its, first + histogram_layout::exemplar_words - 1))
                continue;
            const auto words = std::span{page.its->words}.subspan(first);
            exemplar seen{{words[0].load(acquire), words[1].load(acquire)},
                          words[2].load(acquire),
                          words[3].load(acquire)};
            if (words[4].load(acquire) !=
                metrics::detail::exemplar_sum(seen.trace, seen.value, seen.when_ns))
                continue;
            auto& best = found.exemplars[i];
            if (!best || best->when_ns < seen.when_ns)
                best = seen;
        }
    }
    return found;
}

/// The numbers of those families of a name that stand beside each other; the one that was declared
/// last comes first.
std::vector<std::uint32_t> metric_reader::chosen(const std::string& name) const
{
    std::vector<std::uint32_t> all = by_name_.at(name);
    const board::metric_directory& directory = index_.directory();
    std::ranges::sort(all, [&](std::uint32_t one, std::uint32_t other) {
        return std::pair{directory.touched_ns(one), one} >
               std::pair{directory.touched_ns(other), other};
    });
    std::vector<std::uint32_t> found;
    for (const std::uint32_t each : all) {
        const metric_description& what = families_.at(each).what;
        const bool fits =
            found.empty() || (what.goes_with(families_.at(found.front()).what) &&
                              std::ranges::none_of(found, [&](std::uint32_t other) {
                                  return families_.at(other).what.labels == what.labels;
                              }));
        if (fits)
            found.push_back(each);
    }
    return found;
}

metrics_reading metric_reader::read()
{
    learn();
    metrics_reading found;
    const auto columns = look_at_columns(found.health);
    sum_up(found.health);
    found.wall_ahead_ns = wall_ahead_ns();
    found.health.refused = cells_.head().refused.load(relaxed);
    for (const auto& [name, numbers] : by_name_) {
        const auto shown = chosen(name);
        const known_family& first = families_.at(shown.front());
        family_reading family{
            .what = &first.what, .scale = first.scale.get(), .bounds = first.bounds, .parts = {}};
        for (const std::uint32_t number : shown) {
            const known_family& each = families_.at(number);
            family_reading::part part{.what = &each.what, .series = {}};
            const auto series = series_.find(number);
            for (const known_series& one : series != series_.end()
                                               ? std::span<const known_series>{series->second}
                                               : std::span<const known_series>{})
            {
                if (each.what.type == metric_type::gauge)
                    read_gauge(one, columns, part.series);
                else if (each.what.type == metric_type::counter)
                    part.series.push_back({.values = one.values, .count = total(one.place)});
                else
                    part.series.push_back(
                        {.values = one.values, .histogram = read_histogram(one, each)});
            }
            found.health.series += part.series.size();
            family.parts.push_back(std::move(part));
        }
        std::uint64_t refused = 0;
        for (const std::uint32_t each : numbers)
            refused += index_.directory().refused(each);
        if (refused != 0)
            found.health.overflows.emplace_back(name, refused);
        found.families.push_back(std::move(family));
    }
    return found;
}

}  // namespace cohort::observe
