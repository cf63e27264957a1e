#include <cohort/dashboard/meter.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace cohort::dashboard {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds shortest = 10ms;  // what is nearer together says nothing about rates

std::uint64_t since(std::uint64_t now, std::uint64_t before) noexcept
{
    return now >= before ? now - before : now;
}

}  // namespace

void meter::bridge(nanoseconds gap)
{
    const auto missed = std::llround(std::chrono::duration<double>{gap}.count()) - 1;
    if (missed <= 0)
        return;
    lately_.clear();
    for (auto i = std::min<long long>(missed, history_max); i > 0; --i)
        remember({});
}

void meter::remember(const past_second& what)
{
    history_.push_back(what);
    if (history_.size() > history_max)
        history_.pop_front();
}

void meter::take(count_reading what)
{
    if (!last_) {
        last_ = std::move(what);
        return;
    }
    const nanoseconds took = what.when - last_->when;
    if (took < shortest)
        return;
    bridge(took);
    const double seconds = std::chrono::duration<double>{took}.count();
    rates_.clear();
    slot_rate sum;
    board::answer_counts answered;
    for (const auto& [slot, now] : what.slots) {
        const auto found = last_->slots.find(slot);
        const bool same = found != last_->slots.end() && found->second.worker == now.worker;
        const slot_count before = same ? found->second : slot_count{};
        const board::answer_counts delta = now.answers.since(before.answers);
        slot_rate rate;
        rate.requests_per_s = static_cast<double>(since(now.requests, before.requests)) / seconds;
        rate.errors_per_s = static_cast<double>(delta.failed) / seconds;
        if (same && now.processor_time && before.processor_time)
            rate.processors =
                std::chrono::duration<double>{*now.processor_time - *before.processor_time}
                    .count() /
                seconds;
        sum.requests_per_s += rate.requests_per_s;
        sum.errors_per_s += rate.errors_per_s;
        if (rate.processors)
            sum.processors = sum.processors.value_or(0) + *rate.processors;
        answered += delta;
        rates_.emplace(slot, rate);
    }
    all_ = sum;
    lately_.push_back(answered);
    if (lately_.size() > window)
        lately_.pop_front();
    remember({.requests_per_s = sum.requests_per_s,
              .errors_per_s = sum.errors_per_s,
              .p99_ms = percentile_ms(0.99),
              .ready = what.ready});
    last_ = std::move(what);
}

std::optional<slot_rate> meter::of(std::uint32_t slot) const
{
    const auto found = rates_.find(slot);
    return found == rates_.end() ? std::nullopt : std::optional{found->second};
}

std::optional<slot_rate> meter::all() const { return all_; }

std::optional<double> meter::percentile_ms(double share) const
{
    board::answer_counts sum;
    for (const board::answer_counts& each : lately_)
        sum += each;
    if (sum.total() == 0)
        return std::nullopt;
    return std::chrono::duration<double, std::milli>{sum.percentile(share)}.count();
}

}  // namespace cohort::dashboard
