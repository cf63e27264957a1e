#include <cohort/observe/detail/metric_registry.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/observe/log.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace cohort::metrics::detail {

namespace {

using board::metric_index;
using board::metric_kind;

constexpr std::size_t value_max = 256;
constexpr std::string_view other_value = "other";

/// Where those count for whom there is no room: it is read by nobody.
board::metric_block nobodys;

/// This thread has asked for a column of its own, whatever became of that.
constinit thread_local bool has_asked = false;

/// The column that a thread has, until it ends. A resource.
struct lease {
    column* of = nullptr;

    ~lease() { give_back(); }
    void give_back() noexcept
    {
        if (of == nullptr)
            return;
        mine = nullptr;
        registry::here().leave(*std::exchange(of, nullptr));
    }
};
thread_local lease leased;

void forget_pages(std::span<std::atomic<board::metric_block*>> pages) noexcept
{
    for (auto& each : pages)
        each.store(nullptr, std::memory_order_release);
    pages[spot::nowhere().page()].store(&nobodys, std::memory_order_release);
}

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

registry::registry() noexcept
{
    forget_pages(own_.pages_);
    forget_pages(shared_.pages_);
}

void registry::let_go() noexcept
{
    for (auto& [name, each] : families_) {
        for (auto& [key, one] : each->series_)
            one->spot_.store(spot{}, std::memory_order_release);
    }
    const auto forget = [](column& each) {
        forget_pages(each.pages_);
        each.closed_.reset();
        each.claimed_ = false;
    };
    forget(own_);
    forget(shared_);
    for (const auto& each : threads_)
        forget(*each);
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
                       .who = home_->who});
    claim(own_, *site_);
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

void registry::owns() noexcept
{
    leased.give_back();
    has_asked = true;
    mine = &own_;
}

void registry::owns_no_more() noexcept
{
    if (mine != &own_)
        return;
    has_asked = false;
    mine = nullptr;
}

void registry::leave(column& its) noexcept
{
    const std::lock_guard only{lock_};
    its.taken_ = false;
}

column* registry::of_this_thread() noexcept
{
    if (std::exchange(has_asked, true))
        return mine;
    const std::lock_guard only{lock_};
    auto free = std::ranges::find_if(threads_, [](const auto& each) { return !each->taken_; });
    if (free == threads_.end()) {
        if (threads_.size() == threads_max)
            return nullptr;
        free = threads_.insert(free, std::make_unique<column>());
        forget_pages((*free)->pages_);
    }
    (*free)->taken_ = true;
    mine = leased.of = free->get();
    return mine;
}

void registry::claim(column& in, const site& at) noexcept
{
    board::metric_writer who = at.who;
    if (&in == &shared_) {
        who.part = board::metric_writer::shared;
    } else if (&in != &own_) {
        const auto known =
            std::ranges::find_if(threads_, [&](const auto& each) { return each.get() == &in; });
        who.part = static_cast<std::uint16_t>(board::metric_writer::first_thread +
                                              (known - threads_.begin()));
    }
    in.number_ = at.cells.claim(who);
    in.claimed_ = true;
    if (who.part >= board::metric_writer::first_thread && in.number_ == board::metric_cells::common)
        in.closed_.set();
}

/// Null: this column has no room for it.
board::metric_block* registry::resolve(const series& what, column& in) noexcept
{
    const std::lock_guard only{lock_};
    if (board::metric_block* const known = in.page_of(what.spot_.load(std::memory_order_relaxed)))
        return known;
    site* const at = settled();
    const std::uint32_t place = at != nullptr ? place_of(what, *at) : metric_index::nowhere;
    const spot where = place != metric_index::nowhere ? spot{place} : spot::nowhere();
    what.spot_.store(where, std::memory_order_relaxed);
    if (place == metric_index::nowhere)
        return &nobodys;
    if (!in.claimed_)
        claim(in, *at);
    if (in.closed_.test(where.page()))
        return nullptr;
    board::metric_block* found =
        at->cells.find(in.number_, static_cast<std::uint32_t>(where.page()));
    if (found == nullptr && &in != &own_ && &in != &shared_) {
        in.closed_.set(where.page());
        return nullptr;
    }
    if (found == nullptr)
        found = &nobodys;
    // In the column that is everybody's nobody may add but by exchange: so it is found each time.
    if (&in != &own_ || in.number_ != board::metric_cells::common)
        in.pages_[where.page()].store(found, std::memory_order_release);
    return found;
}

board::metric_block& registry::page_here(const series& what) noexcept
{
    if (column* const own = of_this_thread()) {
        const std::size_t page = what.spot_.load(std::memory_order_relaxed).page();
        if (page >= spot::pages || !own->closed_.test(page)) {
            if (board::metric_block* const found = resolve(what, *own))
                return *found;
        }
    }
    if (board::metric_block* const known =
            shared_.page_of(what.spot_.load(std::memory_order_relaxed)))
        return *known;
    return *resolve(what, shared_);
}

board::metric_block& registry::gauge_page(const series& what) noexcept
{
    if (board::metric_block* const known = own_.page_of(what.spot_.load(std::memory_order_relaxed)))
        return *known;
    return *resolve(what, own_);
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
            all += each.its.words[place % board::metric_page_words + cell].load(
                std::memory_order_acquire);
    });
    return all;
}

}  // namespace cohort::metrics::detail
