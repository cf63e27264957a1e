#include <cohort/primary/watch.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cohort::primary {

namespace {

using kind = config::abort_rule::kind;

std::int64_t in_ms(nanoseconds time) noexcept
{
    return std::chrono::duration_cast<milliseconds>(time).count();
}

/// Of the new workers' answers alone. But what the old generation answers as well is not the new
/// one's fault: a back end that is down fails both.
std::optional<std::string> errors(double over, const conduct& fresh, const conduct& old)
{
    const std::uint64_t all = fresh.answers.total();
    if (all < watch::answers_least)
        return std::nullopt;
    const auto share = [](const board::answer_counts& of) {
        const std::uint64_t total = of.total();
        return total == 0 ? 0.0
                          : 100.0 * static_cast<double>(of.failed) / static_cast<double>(total);
    };
    const double here = share(fresh.answers);
    const double there = old.answers.total() < watch::answers_least ? 0.0 : share(old.answers);
    if (here <= over || here <= there * 1.5)
        return std::nullopt;
    return fmt::format("{:.1f}% of its {} answers were 5xx (allowed: {}%; the old generation had "
                       "{:.1f}%)",
                       here, all, over, there);
}

std::optional<std::string> latency(double times, const conduct& fresh, const conduct& old)
{
    if (fresh.answers.total() < watch::answers_least || old.answers.total() < watch::answers_least)
        return std::nullopt;
    const nanoseconds here = fresh.answers.percentile(0.99);
    const nanoseconds there = old.answers.percentile(0.99);
    const auto allowed = std::max(there, watch::latency_floor) * times;
    if (here <= allowed)
        return std::nullopt;
    return fmt::format("its p99 is {} ms, the old generation's {} ms (allowed: {} times)",
                       in_ms(here), in_ms(there), times);
}

std::optional<std::string> memory(double times, const conduct& fresh, const conduct& old)
{
    if (fresh.memory_bytes == 0 || old.memory_bytes == 0 ||
        static_cast<double>(fresh.memory_bytes) <= times * static_cast<double>(old.memory_bytes))
        return std::nullopt;
    return fmt::format("a worker has {} MiB of memory, of the old generation {} MiB (allowed: {} "
                       "times)",
                       fresh.memory_bytes >> 20, old.memory_bytes >> 20, times);
}

}  // namespace

bool watch::minds_crashes() const noexcept
{
    return std::ranges::any_of(rules_, [](const auto& r) { return r.what == kind::crash; });
}

std::string watch::words_for(std::uint64_t answers)
{
    if (answers == 0)
        return "no answer of the new workers was seen: rules about answers judged nothing";
    if (answers < answers_least)
        return fmt::format("{} answers of the new workers were seen: rules about answers need {}",
                           answers, answers_least);
    return fmt::format("{} answers of the new workers were judged", answers);
}

std::optional<std::string> watch::verdict(const conduct& fresh, const conduct& old) const
{
    for (const config::abort_rule& rule : rules_) {
        std::optional<std::string> broken;
        switch (rule.what) {
            case kind::crash:
                break;  // a fact, not a rate: whoever hears of the death says so
            case kind::errors:
                broken = errors(rule.over, fresh, old);
                break;
            case kind::latency:
                broken = latency(rule.over, fresh, old);
                break;
            case kind::memory:
                broken = memory(rule.over, fresh, old);
                break;
        }
        if (broken)
            return broken;
    }
    return std::nullopt;
}

}  // namespace cohort::primary
