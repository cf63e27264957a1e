#include <cohort/cli/pace.hpp>

#include <cohort/cli/view.hpp>

#include <boost/json/value.hpp>

#include <algorithm>
#include <optional>

namespace cohort::cli {

namespace json = boost::json;

void pace::add(json::object& survey, steady_time at)
{
    const bool first = looked_ == steady_time{};
    const double seconds = std::chrono::duration<double>{at - looked_}.count();
    std::map<std::int64_t, reading> now;
    double sum = 0;
    json::value* const slots = survey.if_contains("slots");
    if (slots == nullptr || !slots->is_array())
        return;
    for (json::value& each : slots->as_array()) {
        if (!each.is_object())
            continue;
        json::object& slot = each.as_object();
        const reading seen{.worker = number_at(slot, "worker").value_or(0),
                           .requests = number_at(slot, "requests").value_or(0),
                           .processor_ms = number_at(slot, "processor_ms").value_or(0)};
        const std::int64_t number = number_at(slot, "slot").value_or(-1);
        now[number] = seen;
        slot["requests_per_s"] = nullptr;
        slot["processor_now"] = nullptr;
        const auto known = before_.find(number);
        if (first || seconds <= 0 || seen.worker == 0)
            continue;
        // A worker that was not there at the last look began at nothing.
        const bool same = known != before_.end() && known->second.worker == seen.worker;
        const reading since = same ? known->second : reading{};
        const auto grown = std::max<std::int64_t>(seen.requests - since.requests, 0);
        const auto used = std::max<std::int64_t>(seen.processor_ms - since.processor_ms, 0);
        const double rate = static_cast<double>(grown) / seconds;
        slot["requests_per_s"] = rate;
        if (same)
            slot["processor_now"] = static_cast<double>(used) / 1000 / seconds;
        sum += rate;
    }
    survey["requests_per_s"] = first ? json::value(nullptr) : json::value(sum);
    if (!first)
        history_.push_back(sum);
    if (history_.size() > kept_max)
        history_.pop_front();
    before_ = std::move(now);
    looked_ = at;
}

}  // namespace cohort::cli
