#include <cohort/board/metric_index.hpp>

#include <utility>

namespace cohort::board {

namespace {

constexpr std::uint32_t page = metric_page_words;
constexpr std::uint32_t series_limit = metric_series_pages * page;
constexpr std::uint32_t gauges_limit = metric_pages_max * page;

std::string name_of(const metric_record& what)
{
    std::string name;
    name += static_cast<char>(what.kind);
    for (unsigned shift = 0; shift < 32; shift += 8)
        name += static_cast<char>(what.parent >> shift & 0xff);
    return name += what.key;
}

}  // namespace

std::uint32_t metric_index::place_for(metric_kind kind, std::uint32_t cells) const noexcept
{
    if (kind != metric_kind::series && kind != metric_kind::gauge)
        return nowhere;
    const bool grows = kind == metric_kind::series;
    std::uint32_t at = grows ? series_end_ : gauges_end_;
    if (at % page + cells > page)
        at = (at / page + 1) * page;  // a series lies in one page
    return cells != 0 && at + cells <= (grows ? series_limit : gauges_limit) ? at : nowhere;
}

void metric_index::take_in(const metric_directory::outline& seen)
{
    const auto number = static_cast<std::uint32_t>(entries_.size());
    entry made;
    // Every process has to come to the same place, so it depends on no text, which may be spoilt.
    made.place = place_for(seen.kind, seen.cells);
    if (made.place != nowhere)
        (seen.kind == metric_kind::series ? series_end_ : gauges_end_) = made.place + seen.cells;
    if (auto found = of_.read(number))
        made.what = *std::move(found);
    if (made.what.kind == metric_kind::series || made.what.kind == metric_kind::gauge) {
        const bool known = made.what.parent < number &&
                           entries_[made.what.parent].what.kind == metric_kind::family;
        if (known)
            ++entries_[made.what.parent].series;
        else
            made.what = {};
    }
    if (made.what.kind != metric_kind::none)
        numbers_.try_emplace(name_of(made.what), number);
    entries_.push_back(std::move(made));
}

void metric_index::update()
{
    while (const auto next = of_.look_at(entries_.size()))
        take_in(*next);
}

bool metric_index::has_room(const metric_record& what, std::size_t series_max) const noexcept
{
    const bool is_series = what.kind != metric_kind::family;
    if (is_series && place_for(what.kind, what.cells) == nowhere)
        return false;
    const std::size_t spare = is_series && series_max != 0 ? metric_entries_spare : 0;
    return entries_.size() + spare < metric_entries_max;
}

std::expected<std::uint32_t, metric_index::refusal> metric_index::enter(const metric_record& what,
                                                                        std::size_t series_max)
{
    const std::string name = name_of(what);
    for (;;) {
        update();
        if (const auto known = numbers_.find(name); known != numbers_.end())
            return known->second;
        const bool is_series = what.kind != metric_kind::family;
        if (is_series && (what.parent >= entries_.size() ||
                          entries_[what.parent].what.kind != metric_kind::family))
            return std::unexpected(refusal::full);
        if (is_series && series_max != 0 && entries_[what.parent].series >= series_max)
            return std::unexpected(refusal::family_full);
        if (!has_room(what, series_max))
            return std::unexpected(refusal::full);
        // What becomes an entry meanwhile is read in the next round, and may be this one.
        if (of_.append(entries_.size(), what, spare_) == metric_directory::outcome::full)
            return std::unexpected(refusal::full);
    }
}

}  // namespace cohort::board
