#include <cohort/dashboard/scene.hpp>

#include <cohort/control/fields.hpp>
#include <cohort/control/oddness.hpp>
#include <cohort/control/silence.hpp>
#include <cohort/dashboard/verdict.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::dashboard {

namespace {

namespace json = boost::json;
using control::number_at;
using control::or_null;
using control::text_at;
using control::value_at;

/// Three digits behind the point are more than anybody reads.
double rounded(double value) { return std::round(value * 1000) / 1000; }

json::value rounded(const std::optional<double>& value)
{
    return value ? json::value(rounded(*value)) : json::value(nullptr);
}

json::value seconds_of(const std::optional<std::int64_t>& ms)
{
    return ms ? json::value(static_cast<double>(*ms) / 1000) : json::value(nullptr);
}

json::object cohort_words(const scene& of)
{
    const verdict seen = judge(of.survey);
    const auto rate = of.rates.all();
    std::int64_t connections = 0;
    control::each_object(of.survey, "slots", [&connections](const json::object& slot) {
        connections += number_at(slot, "connections").value_or(0);
    });
    json::object words;
    words["name"] = value_at(of.survey, "app");
    words["version"] = json::string_view{of.version.data(), of.version.size()};
    words["pid"] = value_at(of.survey, "root");
    words["uptime_s"] = of.age ? json::value(of.age->count()) : json::value(nullptr);
    words["generation"] = value_at(of.survey, "generation");
    words["state"] = json::string_view{name_of(seen.is).data(), name_of(seen.is).size()};
    words["reason"] = seen.reason;
    words["workers_ready"] = value_at(of.survey, "serving");
    words["workers_wanted"] = value_at(of.survey, "wanted");
    words["requests_per_s"] =
        rate ? json::value(rounded(rate->requests_per_s)) : json::value(nullptr);
    words["errors_per_s"] = rate ? json::value(rounded(rate->errors_per_s)) : json::value(nullptr);
    words["p50_ms"] = rounded(of.rates.percentile_ms(0.5));
    words["p99_ms"] = rounded(of.rates.percentile_ms(0.99));
    words["connections"] = connections;
    return words;
}

json::object history_words(const meter& of)
{
    json::array requests;
    json::array errors;
    json::array p99;
    json::array ready;
    for (const meter::past_second& each : of.history()) {
        requests.push_back(rounded(each.requests_per_s));
        errors.push_back(rounded(each.errors_per_s));
        p99.push_back(rounded(each.p99_ms));
        ready.push_back(or_null(each.ready));
    }
    json::object words{{"every_s", 1}};
    words["requests_per_s"] = std::move(requests);
    words["errors_per_s"] = std::move(errors);
    words["p99_ms"] = std::move(p99);
    words["ready"] = std::move(ready);
    return words;
}

process_cost cost_of(const scene& of, const json::object& slot)
{
    const auto pid = number_at(slot, "pid");
    const auto found = of.costs.find(static_cast<pid_t>(pid.value_or(0)));
    return pid && found != of.costs.end() ? found->second : process_cost{};
}

/// It said when by a clock that nobody sets.
json::value error_words(const scene& of, const board::error_reading& seen)
{
    if (seen.last.empty())
        return nullptr;
    const wall_time at =
        of.now - std::chrono::duration_cast<wall_time::duration>(of.when - seen.when);
    return json::object{{"at", timestamp(at)}, {"words", seen.last}};
}

json::object worker_words(const scene& of, const json::object& slot, std::uint32_t number)
{
    const auto rate = of.rates.of(number);
    const slot_figures said = of.numbers.of(number);
    const process_cost cost = cost_of(of, slot);
    json::object words{{"slot", number}};
    words["id"] = value_at(slot, "worker");
    words["pid"] = value_at(slot, "pid");
    words["generation"] = value_at(slot, "generation");
    words["state"] = value_at(slot, "stage");
    const auto silent = control::silence_of(slot);
    words["ready"] = text_at(slot, "stage") == "serving" && !silent;
    words["silent_s"] = seconds_of(silent ? std::optional{silent->count()} : std::nullopt);
    words["uptime_s"] = seconds_of(number_at(slot, "uptime_ms"));
    words["restarts_hour"] = of.past.deaths_in_hour(number, of.now);
    words["last_death"] = of.past.last_death(number);
    words["utilisation"] = rounded(said.utilisation);
    words["lag_p99_ms"] = rounded(said.lag_p99_ms);
    words["in_flight"] = value_at(slot, "running");
    words["connections"] = value_at(slot, "connections");
    words["requests_per_s"] =
        rate ? json::value(rounded(rate->requests_per_s)) : json::value(nullptr);
    words["errors_per_s"] = rate ? json::value(rounded(rate->errors_per_s)) : json::value(nullptr);
    words["pss_bytes"] = or_null(cost.memory_bytes);
    words["cpu"] = rate ? rounded(rate->processors) : json::value(nullptr);
    words["fds"] = or_null(cost.descriptors);
    const auto errors = of.errors.find(number);
    words["log_errors"] =
        errors == of.errors.end() ? json::value(nullptr) : json::value(errors->second.count);
    words["last_error"] =
        errors == of.errors.end() ? json::value(nullptr) : error_words(of, errors->second);
    return words;
}

control::worker_habits habits_of(const scene& of, const json::object& slot, std::uint32_t number)
{
    control::worker_habits seen;
    // Who does not serve is not like the others, and says so.
    if (text_at(slot, "stage") != "serving")
        return seen;
    const auto rate = of.rates.of(number);
    const slot_figures said = of.numbers.of(number);
    seen.utilisation = said.utilisation;
    if (!seen.utilisation && rate)
        seen.utilisation = rate->processors;
    seen.lag_ms = said.lag_p99_ms;
    if (const auto running = number_at(slot, "running"))
        seen.in_flight = static_cast<double>(*running);
    if (const auto open = number_at(slot, "connections"))
        seen.connections = static_cast<double>(*open);
    if (const auto bytes = cost_of(of, slot).memory_bytes)
        seen.memory_bytes = static_cast<double>(*bytes);
    return seen;
}

json::array workers_words(const scene& of)
{
    std::vector<control::worker_habits> habits;
    json::array all;
    control::each_object(of.survey, "slots", [&](const json::object& slot) {
        const auto number = static_cast<std::uint32_t>(number_at(slot, "slot").value_or(0));
        all.emplace_back(worker_words(of, slot, number));
        habits.push_back(habits_of(of, slot, number));
    });
    const std::vector<double> odd = control::oddness(habits);
    for (std::size_t i = 0; i < odd.size(); ++i) {
        json::object& one = all[i].as_object();
        one["oddness"] = odd[i];
        one["odd"] = odd[i] >= control::odd_from;
    }
    return all;
}

json::array routes_words(const metric_figures& of)
{
    json::array all;
    for (const route_figures& each : of.routes()) {
        json::object words{{"method", each.method}, {"route", each.route}};
        words["requests_per_s"] = rounded(each.requests_per_s);
        words["errors_per_s"] = rounded(each.errors_per_s);
        words["p50_ms"] = rounded(each.p50_ms);
        words["p99_ms"] = rounded(each.p99_ms);
        words["time_share"] = rounded(each.time_share);
        all.emplace_back(std::move(words));
    }
    return all;
}

json::object loss_words(const losses& of, loss_kind kind)
{
    json::object words;
    for (const loss_rule& each : loss_rules()) {
        if (each.kind == kind)
            words[json::string_view{each.name.data(), each.name.size()}] = of.of(each.name);
    }
    return words;
}

}  // namespace

json::object describe(const scene& of)
{
    json::object all;
    all["cohort"] = cohort_words(of);
    all["history"] = history_words(of.rates);
    all["workers"] = workers_words(of);
    all["routes"] = routes_words(of.numbers);
    all["events"] = of.past.events();
    all["crashes"] = of.past.crashes();
    all["dropped"] = loss_words(of.lost, loss_kind::dropped);
    all["refused"] = loss_words(of.lost, loss_kind::refused);
    all["throttled_s"] = rounded(of.throttled_s);
    all["memory"] =
        json::object{{"shared_bytes", of.shared_bytes}, {"shared_room", of.shared_room}};
    return all;
}

}  // namespace cohort::dashboard
