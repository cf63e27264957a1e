#include <cohort/primary/survey.hpp>

#include <cohort/primary/log_terms.hpp>
#include <cohort/process/root.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace cohort::primary {

namespace {

namespace json = boost::json;

std::int64_t milliseconds_of(nanoseconds length)
{
    return std::chrono::duration_cast<milliseconds>(length).count();
}

void add_worker(json::object& to, const slot_view& seen)
{
    const worker_info& who = *seen.worker;
    to["worker"] = who.id;
    to["pid"] = who.pid;
    to["state"] = json::string_view{name(who.state).data(), name(who.state).size()};
    to["connected"] = who.connected;
    to["uptime_ms"] = milliseconds_of(now() - who.born);
    to["online_ms"] = seen.online ? json::value(milliseconds_of(now() - *seen.online)) : nullptr;
}

void add_row(json::object& to, const board::slot_reading& row)
{
    to["connections"] = row.connections_open;
    to["connections_total"] = row.connections_total;
    to["requests"] = row.requests_total;
    to["running"] = row.requests_running;
    to["lanes"] = row.lanes;
    to["lanes_busy"] = row.lanes_busy;
    to["accepting"] = row.accepting;
    to["beat_ms"] = row.beat_ns == 0
                        ? json::value(nullptr)
                        : json::value(milliseconds_of(nanoseconds{now_ns() - row.beat_ns}));
}

json::object slot_words(const surveyed& of, const slot_view& seen)
{
    json::object words{{"slot", seen.slot}, {"name", slot_name(of, seen.slot)}};
    words["stage"] = name(seen.now);
    words["generation"] = seen.generation;
    if (seen.extra)
        words["extra"] = true;
    if (seen.worker)
        add_worker(words, seen);
    if (seen.row)
        add_row(words, *seen.row);
    if (seen.keeper != 0)
        words["keeper"] = seen.keeper;
    words["standbys"] = seen.standbys;
    if (seen.memory_max != 0)
        words["memory_limit_bytes"] = seen.memory_max;
    words["deadline_ms"] =
        seen.deadline ? json::value(milliseconds_of(*seen.deadline - now())) : nullptr;
    words["restarts"] = of.past.ends_total(seen.slot);
    const auto ends = of.past.ends_of(seen.slot);
    words["last_end"] = ends.empty() ? json::value(nullptr) : json::value(to_json(ends.front()));
    if (seen.now == stage::parked) {
        const auto& limits = of.settings.restart;
        words["parked"] =
            fmt::format("{} deaths within {} s of their start; the last: {}", limits.give_up_deaths,
                        milliseconds_of(limits.give_up_window) / 1000,
                        ends.empty() ? std::string{"nobody knows"} : ends.front().how.words());
    }
    return words;
}

}  // namespace

std::string slot_name(const surveyed& of, std::uint32_t slot)
{
    return fmt::format("{}.{}", of.settings.name, slot);
}

head_count count(const std::vector<slot_view>& seats) noexcept
{
    head_count seen;
    for (const slot_view& each : seats) {
        if (each.extra)
            continue;
        switch (each.now) {
            case stage::serving:
                ++seen.serving;
                break;
            case stage::parked:
                ++seen.parked;
                break;
            case stage::held:
                ++seen.held;
                break;
            default:
                ++seen.moving;
        }
    }
    return seen;
}

json::object survey(const surveyed& of)
{
    const auto seats = of.workers.view();
    const head_count seen = count(seats);
    json::object all{{"app", of.settings.name}, {"stage", of.stopping ? "stopping" : "serving"}};
    all["primary"] = ::getpid();
    all["root"] = process::root_pid() != 0 ? process::root_pid() : ::getpid();
    all["generation"] = of.workers.current()->number();
    all["wanted"] = of.workers.wanted();
    all["workers"] = of.workers.number().text();
    all["serving"] = seen.serving;
    all["parked"] = seen.parked;
    all["held"] = seen.held;
    all["balance"] = config::name_of(of.settings.balance);
    if (const std::string limit = of.workers.memory_words(); !limit.empty())
        all["memory_limit"] = limit;
    json::array listen;
    for (const std::string& each : of.workers.endpoints())
        listen.emplace_back(each);
    all["listen"] = std::move(listen);
    if (const std::string log = log_path(of.settings, std::nullopt); !log.empty())
        all["log"] = log;
    if (!of.settings.admin.http.empty())
        all["dashboard"] = json::object{{"http", of.settings.admin.http}};
    json::array slots;
    for (const slot_view& each : seats)
        slots.emplace_back(slot_words(of, each));
    all["slots"] = std::move(slots);
    return all;
}

std::optional<json::object> survey_slot(const surveyed& of, std::uint32_t slot)
{
    const auto seats = of.workers.view();
    const auto found = std::ranges::find(seats, slot, &slot_view::slot);
    const auto ends = of.past.ends_of(slot);
    if (found == seats.end() && ends.empty())
        return std::nullopt;
    slot_view nobody;
    nobody.slot = slot;
    json::object words = slot_words(of, found == seats.end() ? nobody : *found);
    json::array past;
    for (const slot_end& each : ends)
        past.emplace_back(to_json(each));
    words["ends"] = std::move(past);
    if (const std::string log = log_path(of.settings, slot); !log.empty())
        words["log"] = log;
    return words;
}

}  // namespace cohort::primary
