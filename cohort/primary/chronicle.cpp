#include <cohort/primary/chronicle.hpp>

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

void chronicle::ended(const worker_info& who, const exit_status& how, nanoseconds served) noexcept
{
    history& of = slots_[who.slot];
    ++of.total;
    of.ends.push_front(
        {.who = who, .how = how, .when = wall_now(), .lived = now() - who.born, .served = served});
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
    for (auto& [slot, of] : slots_) {
        const auto end = std::ranges::find(of.ends, worker, [](const auto& e) { return e.who.id; });
        if (end != of.ends.end()) {
            end->report = std::move(text);
            return;
        }
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

json::object to_json(const slot_end& what)
{
    const auto span = [](nanoseconds length) {
        return std::chrono::duration_cast<milliseconds>(length).count();
    };
    json::object words{{"worker", what.who.id}, {"pid", what.who.pid}};
    words["time"] = timestamp(what.when);
    words["reason"] = what.how.words();
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
