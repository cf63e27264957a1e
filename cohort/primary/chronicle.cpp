#include <cohort/primary/chronicle.hpp>

#include <cohort/base/utf8.hpp>

#include <boost/json/value.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace cohort::primary {

namespace {

namespace json = boost::json;

json::value maybe(std::optional<int> number)
{
    return number ? json::value(*number) : json::value(nullptr);
}

}  // namespace

void chronicle::note(std::string_view what, json::object more) noexcept
{
    json::object entry{{"sequence", next()},
                       {"time", timestamp(wall_now())},
                       {"event", json::string_view{what.data(), what.size()}}};
    for (auto& each : more)
        entry[each.key()] = std::move(each.value());
    if (hear_)
        hear_(entry);
    events_.push_back(std::move(entry));
    if (events_.size() > kept_max) {
        events_.pop_front();
        ++first_;
    }
    grown_.notify_all();
}

void chronicle::changed(const stage_change& what) noexcept
{
    json::object more{{"slot", what.slot}, {"from", name(what.from)}, {"to", name(what.to)}};
    more["why"] = name(what.why);
    if (what.id != 0) {
        more["worker"] = what.id;
        more["pid"] = what.pid;
    }
    note("stage", std::move(more));
}

const slot_end* chronicle::find(std::uint32_t worker) const noexcept
{
    for (const auto& [slot, of] : slots_) {
        const auto end = std::ranges::find(of.ends, worker, [](const auto& e) { return e.who.id; });
        if (end != of.ends.end())
            return &*end;
    }
    return nullptr;
}

slot_end* chronicle::find(std::uint32_t worker) noexcept
{
    return const_cast<slot_end*>(std::as_const(*this).find(worker));
}

std::string chronicle::report_of(std::uint32_t worker) const
{
    if (const slot_end* const end = find(worker); end != nullptr && !end->report.empty())
        return end->report;
    const auto known = reports_.find(worker);
    return known == reports_.end() ? std::string{} : known->second;
}

std::string chronicle::time_of_end(std::uint32_t worker) const
{
    const slot_end* const end = find(worker);
    return end == nullptr ? std::string{} : timestamp(end->when);
}

void chronicle::explain(std::uint32_t worker, json::object details, std::string story)
{
    slot_end* const end = find(worker);
    if (end == nullptr)
        return;
    json::object more{{"slot", end->who.slot}, {"worker", worker}};
    more["pid"] = end->who.pid;
    more["cause"] = name(end->what.cause);
    if (const auto* const file = details.if_contains("file"))
        more["file"] = *file;
    end->details = std::make_shared<const json::object>(std::move(details));
    end->story = std::move(story);
    forget_old_stories();
    note("report", std::move(more));
}

void chronicle::forget_old_stories() noexcept
{
    std::size_t kept = 0;
    slot_end* oldest = nullptr;
    for (auto& [slot, of] : slots_) {
        for (slot_end& each : of.ends) {
            if (!each.details)
                continue;
            ++kept;
            if (oldest == nullptr || each.when < oldest->when)
                oldest = &each;
        }
    }
    if (kept <= stories_max || oldest == nullptr)
        return;
    oldest->details.reset();
    oldest->story.clear();
    oldest->story.shrink_to_fit();
}

void chronicle::ended(const worker_info& who, const exit_status& how, nanoseconds served,
                      finding what) noexcept
{
    history& of = slots_[who.slot];
    ++of.total;
    of.ends.push_front(
        {.who = who, .how = how, .when = wall_now(), .lived = now() - who.born, .served = served});
    of.ends.front().what = std::move(what);
    if (const auto known = reports_.find(who.id); known != reports_.end()) {
        of.ends.front().report = std::move(known->second);
        reports_.erase(known);
    }
    if (of.ends.size() > ends_max)
        of.ends.pop_back();
    json::object more = to_json(of.ends.front());
    more["slot"] = who.slot;
    more.erase("time");
    more.erase("report");
    note("end", std::move(more));
}

void chronicle::report(std::uint32_t worker, std::string text)
{
    if (slot_end* const end = find(worker)) {
        end->report = std::move(text);
        return;
    }
    if (reports_.size() == reports_max)
        reports_.erase(reports_.begin());  // the oldest: it may live for long
    reports_.insert_or_assign(worker, std::move(text));
}

chronicle::page chronicle::since(std::uint64_t from, std::size_t most) const
{
    page read;
    read.missed = from < first_ ? first_ - from : 0;
    const std::uint64_t begin = std::clamp(from, first_, next());
    const std::uint64_t end = std::min(next(), begin + most);
    for (std::uint64_t i = begin; i < end; ++i)
        read.events.push_back(events_[static_cast<std::size_t>(i - first_)]);
    read.next = end;
    return read;
}

std::vector<slot_end> chronicle::ends_of(std::uint32_t slot) const
{
    const auto found = slots_.find(slot);
    if (found == slots_.end())
        return {};
    return {found->second.ends.begin(), found->second.ends.end()};
}

std::uint64_t chronicle::ends_total(std::uint32_t slot) const noexcept
{
    const auto found = slots_.find(slot);
    return found == slots_.end() ? 0 : found->second.total;
}

board::ledger_ends chronicle::remember(std::uint32_t slot) const noexcept
{
    board::ledger_ends words;
    const auto found = slots_.find(slot);
    if (found == slots_.end() || found->second.ends.empty())
        return words;
    const slot_end& last = found->second.ends.front();
    words.total = found->second.total;
    words.worker_id = last.who.id;
    words.worker = last.who.pid;
    words.code = last.how.code().value_or(0);
    words.signal = last.how.signal().value_or(0);
    words.dumped = last.how.dumped();
    words.for_memory = last.how.for_memory();
    words.unknown = !last.how.code() && !last.how.signal();
    words.asked_to_leave = last.who.exited_after_disconnect.value_or(false);
    words.wall_ns = nanoseconds{last.when.time_since_epoch()}.count();
    words.lived_ns = last.lived.count();
    words.served_ns = last.served.count();
    const std::string_view said = last.how.last_words();
    static_cast<void>(words.last_words.set(cut_to(said, words.last_words.bytes.size())));
    words.cause = std::to_underlying(last.what.cause);
    const std::string_view why = last.what.words;
    static_cast<void>(words.cause_words.set(cut_to(why, words.cause_words.bytes.size())));
    return words;
}

void chronicle::recall(std::uint32_t slot, const board::ledger_ends& words)
{
    if (words.total == 0)
        return;
    using process::blame;
    using process::exit_reason;
    exit_reason how = exit_reason::exited(words.code);
    if (words.unknown)
        how = exit_reason::unknown();
    else if (words.signal != 0)
        how = exit_reason::signalled(words.signal,
                                     words.dumped ? process::core::dumped : process::core::absent,
                                     words.for_memory ? blame::memory : blame::none);
    worker_info who;
    who.id = words.worker_id;
    who.slot = slot;
    who.pid = words.worker;
    who.state = worker_state::dead;
    who.dead = true;
    who.exited_after_disconnect = words.asked_to_leave;
    const exit_status ended{how, std::string{words.last_words.view()}};
    history& of = slots_[slot];
    of.total = words.total;
    of.ends.push_front({.who = std::move(who),
                        .how = ended,
                        .when = wall_time{std::chrono::duration_cast<wall_time::duration>(
                            nanoseconds{words.wall_ns})},
                        .lived = nanoseconds{words.lived_ns},
                        .served = nanoseconds{words.served_ns}});
    const auto cause = std::min<std::size_t>(words.cause, death_causes.size() - 1);
    of.ends.front().what = {static_cast<death_cause>(cause), std::string{words.cause_words.view()}};
}

json::object to_json(const slot_end& what)
{
    const auto span = [](nanoseconds length) {
        return std::chrono::duration_cast<milliseconds>(length).count();
    };
    json::object words{{"worker", what.who.id}, {"pid", what.who.pid}};
    words["time"] = timestamp(what.when);
    words["reason"] = what.how.words();
    words["cause"] = name(what.what.cause);
    words["cause_words"] = what.what.words;
    words["code"] = maybe(what.how.code());
    words["signal"] = maybe(what.how.signal());
    words["dumped"] = what.how.dumped();
    words["for_memory"] = what.how.for_memory();
    words["asked_to_leave"] = what.who.exited_after_disconnect.value_or(false);
    words["last_words"] = what.how.last_words();
    words["lived_ms"] = span(what.lived);
    words["served_ms"] = span(what.served);
    if (!what.report.empty())
        words["report"] = what.report;
    return words;
}

}  // namespace cohort::primary
