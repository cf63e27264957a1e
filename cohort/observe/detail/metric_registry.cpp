#include <cohort/observe/detail/metric_registry.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/observe/log.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <utility>

namespace cohort::metrics::detail {

namespace {

using board::metric_index;
using board::metric_kind;

constexpr std::size_t value_max = 256;
constexpr std::string_view other_value = "other";

/// Where those count for whom there is no room: it is read by nobody.
std::array<board::metric_word, board::metric_page_words> nowhere;

std::string fit(std::string_view value)
{
    std::string made = is_utf8(value) ? std::string{value} : printable(value);
    if (made.size() > value_max) {
        std::size_t end = value_max;
        while (end > 0 && (static_cast<unsigned char>(made[end]) & 0xc0U) == 0x80U)
            --end;
        made.resize(end);
    }
    return made;
}

}  // namespace

registry& registry::here()
{
    // Never destroyed: threads may count while the program ends.
    static auto* const all = new registry;
    return *all;
}

family* registry::known_as(const observe::metric_description& what)
{
    if (auto fine = what.check(); !fine)
        throw failure{fine.error()};
    const auto known = families_.find(what.base());
    if (known == families_.end())
        return nullptr;
    const observe::metric_description& its = known->second->what();
    if (its.key() == what.key())
        return known->second.get();
    std::string how = "with other options";
    if (its.name != what.name)
        how = fmt::format("and OpenMetrics takes {} for the same", its.name);
    else if (its.type != what.type)
        how = fmt::format("as a {}", word_for(its.type));
    else if (its.labels != what.labels)
        how = "with other labels";
    throw failure{
        fault(errc::bad_value, "declare the metric",
              fmt::format("{}: this program has declared it already, {}", what.name, how))};
}

void registry::let_go() noexcept
{
    for (auto& [name, each] : families_) {
        for (auto& [key, one] : each->series_) {
            one->own_.store(nullptr, std::memory_order_release);
            one->shared_.store(nullptr, std::memory_order_release);
        }
    }
    site_.reset();
}

void registry::settle(const board::commons& where, const board::metric_writer& who)
{
    const std::lock_guard only{lock_};
    let_go();
    home_ = home{.where = where, .who = who};
    // Who counts nothing takes no room from others who share that memory.
    site* const at = families_.empty() ? nullptr : settled();
    if (at == nullptr)
        return;
    // What has been declared is shown from the first scrape on, at zero.
    for (auto& [name, each] : families_) {
        static_cast<void>(number_of(*each, *at));
        for (auto& [key, one] : each->series_)
            static_cast<void>(enter(*one, *at));
    }
}

void registry::forget() noexcept
{
    const std::lock_guard only{lock_};
    let_go();
    home_.reset();
}

registry::site* registry::settled()
{
    if (site_)
        return &*site_;
    if (!home_)
        home_ = home{.where = board::commons::here(), .who = {.pid = ::getpid()}};
    auto cells = board::metric_cells::in(home_->where);
    if (!cells) {
        if (!std::exchange(home_->complained, true))
            log::warn("nobody will see the metrics of this process: {}; going on",
                      cells.error().text());
        return nullptr;
    }
    site_.emplace(site{.cells = *cells,
                       .index = metric_index{board::metric_directory{cells->head()}},
                       .who = home_->who,
                       .own = cells->claim(home_->who),
                       .shared = {}});
    return &*site_;
}

std::optional<std::uint32_t> registry::number_of(const family& which, site& at)
{
    const auto made = at.index.enter({.kind = metric_kind::family,
                                      .parent = 0,
                                      .cells = 0,
                                      .key = which.what_.key(),
                                      .rest = which.what_.help},
                                     0);
    if (!made) {
        at.cells.head().refused.fetch_add(1, std::memory_order_relaxed);
        return std::nullopt;
    }
    at.index.directory().touch(*made, now_ns());
    return *made;
}

std::expected<std::uint32_t, metric_index::refusal> registry::enter(const series& what, site& at)
{
    const family& of = *what.family_;
    const auto parent = number_of(of, at);
    if (!parent)
        return std::unexpected(metric_index::refusal::full);
    const bool own_room = &what == of.other_ || what.values_.empty();
    return at.index.enter({.kind = of.what_.type == observe::metric_type::gauge
                                       ? metric_kind::gauge
                                       : metric_kind::series,
                           .parent = *parent,
                           .cells = static_cast<std::uint32_t>(of.layout_.end),
                           .key = observe::pack_values(what.values_),
                           .rest = {}},
                          own_room ? 0 : of.series_max_);
}

std::uint32_t registry::place_of(const series& what, site& at)
{
    auto entered = enter(what, at);
    if (!entered && !what.values_.empty() && &what != what.family_->other_)
        entered = enter(other_of(*what.family_), at);
    return entered ? at.index.entries()[*entered].place : metric_index::nowhere;
}

series::word* registry::resolve(const series& what, bool own) noexcept
{
    const std::lock_guard only{lock_};
    const bool as_own = own || what.family_->what_.type == observe::metric_type::gauge;
    auto& known = as_own ? what.own_ : what.shared_;
    if (series::word* const found = known.load(std::memory_order_acquire))
        return found;
    series::word* found = nullptr;
    if (site* const at = settled()) {
        if (!as_own && !at->shared) {
            board::metric_writer beside = at->who;
            beside.shared = true;
            at->shared = at->cells.claim(beside);
        }
        const std::uint32_t place = place_of(what, *at);
        if (place != metric_index::nowhere)
            found = at->cells.find(as_own ? at->own : *at->shared, place);
    }
    if (found == nullptr)
        found = nowhere.data();
    // In the column that is everybody's nobody may add but by exchange: so it is found each time.
    const bool is_mine = !own || !site_ || site_->own != board::metric_cells::common;
    if (is_mine)
        known.store(found, std::memory_order_release);
    return found;
}

series& registry::make(family& in, std::string key, std::vector<std::string> values)
{
    auto made = in.make_(in, std::move(values));
    made->scale_ = in.scale_.get();
    return *in.series_.emplace(std::move(key), std::move(made)).first->second;
}

series& registry::other_of(family& in)
{
    if (in.other_ == nullptr) {
        std::vector<std::string> values(in.what_.labels.size(), std::string{other_value});
        std::string key = observe::pack_values(values);
        const auto known = in.series_.find(key);
        in.other_ = known != in.series_.end() ? known->second.get()
                                              : &make(in, std::move(key), std::move(values));
    }
    return *in.other_;
}

series& registry::find(family& in, std::span<const std::string_view> values)
{
    if (values.size() != in.what_.labels.size())
        throw failure{fault(errc::bad_value, "find a series of",
                            fmt::format("{}: it has {} labels, and {} values are given",
                                        in.what_.name, in.what_.labels.size(), values.size()))};
    std::vector<std::string> fitting;
    fitting.reserve(values.size());
    for (const std::string_view each : values)
        fitting.push_back(fit(each));
    std::string key = observe::pack_values(fitting);
    const std::lock_guard only{lock_};
    if (const auto known = in.series_.find(key); known != in.series_.end())
        return *known->second;
    site* const at = settled();
    if (in.series_.size() < in.series_max_ && at != nullptr) {
        series& made = make(in, key, std::move(fitting));
        if (enter(made, *at))
            return made;
        in.series_.erase(key);
    }
    if (at != nullptr) {
        if (const auto number = number_of(in, *at))
            at->index.directory().count_refused(*number);
    }
    return other_of(in);
}

std::uint64_t registry::sum(const series& what, std::size_t cell)
{
    const std::lock_guard only{lock_};
    site* const at = settled();
    const std::uint32_t place = at != nullptr ? place_of(what, *at) : metric_index::nowhere;
    if (place == metric_index::nowhere)
        return 0;
    std::uint64_t all = 0;
    at->cells.for_each_block([&](const board::metric_cells::block& each) {
        if (each.page == place / board::metric_page_words)
            all +=
                each.words[place % board::metric_page_words + cell].load(std::memory_order_acquire);
    });
    return all;
}

}  // namespace cohort::metrics::detail
