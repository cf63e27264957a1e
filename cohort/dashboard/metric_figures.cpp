#include <cohort/dashboard/metric_figures.hpp>

#include <cohort/base/parse.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <ranges>
#include <span>
#include <string_view>

namespace cohort::dashboard {

namespace {

// The metrics that are looked at, by name, and their labels.
constexpr std::string_view request_duration = "http_server_request_duration_seconds";
constexpr std::string_view method_label = "http_request_method";
constexpr std::string_view route_label = "http_route";
constexpr std::string_view status_label = "http_response_status_code";

constexpr double milli = 1e3;

/// Gauges with one series for each slot.
struct slot_gauge {
    std::string_view name;
    std::optional<double> slot_figures::* into;
    double scale;
};
constexpr auto slot_gauges = std::to_array<slot_gauge>({
    {"cohort_worker_loop_utilization_ratio", &slot_figures::utilisation, 1},
    {"cohort_worker_loop_lag_p99_seconds", &slot_figures::lag_p99_ms, milli},
});

constexpr std::size_t routes_max = 50;
constexpr unsigned first_error = 500;
constexpr double nanoseconds_in_ms = 1e6;
constexpr double nanoseconds_in_s = 1e9;

std::optional<std::size_t> place_of(const observe::metric_description& in, std::string_view label)
{
    const auto found = std::ranges::find(in.labels, label);
    return found == in.labels.end()
               ? std::nullopt
               : std::optional{static_cast<std::size_t>(found - in.labels.begin())};
}

std::string value_at(const observe::series_reading& of, std::optional<std::size_t> place)
{
    return place && *place < of.values.size() ? of.values[*place] : std::string{};
}

}  // namespace

void metric_figures::take_routes(const observe::family_reading& from,
                                 std::map<route_key, counted>& into)
{
    bounds_.assign(from.bounds.begin(), from.bounds.end());
    for (const auto& part : from.parts) {
        const auto method = place_of(*part.what, method_label);
        const auto route = place_of(*part.what, route_label);
        const auto status = place_of(*part.what, status_label);
        for (const observe::series_reading& each : part.series) {
            counted& sum = into[{value_at(each, method), value_at(each, route)}];
            sum.took += each.histogram;
            const std::string said = value_at(each, status);
            if (parse_integer<unsigned>(said).value_or(0) >= first_error)
                sum.failed += each.histogram.count;
        }
    }
}

void metric_figures::take_slots(const observe::family_reading& from)
{
    const auto found = std::ranges::find(slot_gauges, from.what->name, &slot_gauge::name);
    if (found == slot_gauges.end())
        return;
    for (const auto& part : from.parts) {
        for (const observe::series_reading& each : part.series) {
            if (each.slot)
                slots_[*each.slot].*found->into = each.gauge * found->scale;
        }
    }
}

void metric_figures::take(const observe::metrics_reading& what, steady_time when)
{
    slots_.clear();
    lost_.take(what);
    snapshot now{.when = when, .routes = {}};
    for (const observe::family_reading& each : what.families) {
        if (each.what->name == request_duration &&
            each.what->type == observe::metric_type::histogram)
            take_routes(each, now.routes);
        else if (each.what->type == observe::metric_type::gauge)
            take_slots(each);
    }
    past_.push_back(std::move(now));
    if (past_.size() > window + 1)
        past_.pop_front();
}

std::vector<route_figures> metric_figures::routes() const
{
    std::vector<route_figures> all;
    if (past_.size() < 2)
        return all;
    const snapshot& then = past_.front();
    const snapshot& now = past_.back();
    const double took = std::chrono::duration<double>{now.when - then.when}.count();
    if (took <= 0)
        return all;
    double spent = 0;
    for (const auto& [key, is] : now.routes) {
        const auto was = then.routes.find(key);
        const counted before = was == then.routes.end() ? counted{} : was->second;
        const observe::histogram_reading delta = is.took.since(before.took);
        if (delta.count == 0)
            continue;
        route_figures one{.method = key.first, .route = key.second};
        one.requests_per_s = static_cast<double>(delta.count) / took;
        one.errors_per_s =
            static_cast<double>(is.failed - std::min(is.failed, before.failed)) / took;
        const auto quantile = [&](double share) -> std::optional<double> {
            const auto ns = delta.quantile(share, bounds_);
            return ns ? std::optional{*ns / nanoseconds_in_ms} : std::nullopt;
        };
        one.p50_ms = quantile(0.5);
        one.p99_ms = quantile(0.99);
        one.time_share = static_cast<double>(delta.sum) / nanoseconds_in_s;
        spent += one.time_share;
        all.push_back(std::move(one));
    }
    for (route_figures& each : all)
        each.time_share = spent > 0 ? each.time_share / spent : 0;
    std::ranges::sort(all, std::greater{}, &route_figures::time_share);
    if (all.size() > routes_max)
        all.resize(routes_max);
    return all;
}

slot_figures metric_figures::of(std::uint32_t slot) const
{
    const auto found = slots_.find(slot);
    return found == slots_.end() ? slot_figures{} : found->second;
}

}  // namespace cohort::dashboard
