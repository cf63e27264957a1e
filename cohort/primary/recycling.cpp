#include <cohort/primary/recycling.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace cohort::primary {

namespace {

template <class T>
std::int64_t count_of(T value) noexcept
{
    if constexpr (requires { value.count(); })
        return std::chrono::duration_cast<nanoseconds>(value).count();
    else
        return static_cast<std::int64_t>(value);
}

/// At least 1: 0 means that there is no limit.
template <class T>
std::int64_t drawn(const config::spread<T>& of, random_source& dice)
{
    if (!of.on())
        return 0;
    const double way = 2 * dice.fraction() - 1;  // always rolled: [-1, 1)
    const double share = 1 + way * of.jitter_percent / 100;
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(count_of(of.value)) * share));
}

}  // namespace

const char* name(recycle_reason why) noexcept
{
    switch (why) {
        case recycle_reason::stuck:
            return "stuck";
        case recycle_reason::probe:
            return "probe";
        case recycle_reason::asked:
            return "asked";
        case recycle_reason::memory:
            return "memory";
        case recycle_reason::requests:
            return "requests";
        case recycle_reason::age:
            return "age";
    }
    return "unknown";
}

allowance allowance::draw(const config::recycle& of, random_source& dice)
{
    allowance may;
    may.memory_bytes = static_cast<std::uint64_t>(drawn(of.memory_bytes, dice));
    may.requests = static_cast<std::uint64_t>(drawn(of.requests, dice));
    may.age = nanoseconds{drawn(of.age, dice)};
    return may;
}

std::optional<candidate> worn(const allowance& may, const wear& has)
{
    candidate who;
    if (may.memory_bytes != 0 && has.memory_bytes >= may.memory_bytes) {
        who.why = recycle_reason::memory;
        who.words = fmt::format("it has {} MiB of memory (its limit: {})", has.memory_bytes >> 20,
                                may.memory_bytes >> 20);
    } else if (may.requests != 0 && has.requests >= may.requests) {
        who.why = recycle_reason::requests;
        who.words =
            fmt::format("it has had {} requests (its limit: {})", has.requests, may.requests);
    } else if (may.age != nanoseconds{0} && has.age >= may.age) {
        const auto in_seconds = [](nanoseconds time) {
            return std::chrono::duration_cast<seconds>(time).count();
        };
        who.why = recycle_reason::age;
        who.words =
            fmt::format("it is {} s old (its limit: {})", in_seconds(has.age), in_seconds(may.age));
    } else {
        return std::nullopt;
    }
    return who;
}

bool recycling::add(candidate who)
{
    if (out_.contains(who.worker))
        return false;
    const auto known = std::ranges::find(queue_, who.worker, &candidate::worker);
    if (known != queue_.end()) {
        if (who.why < known->why)
            *known = std::move(who);
        return false;
    }
    queue_.push_back(std::move(who));
    return true;
}

void recycling::keep_only(const std::vector<std::uint32_t>& living)
{
    std::erase_if(queue_, [&](const candidate& each) {
        return !std::ranges::binary_search(living, each.worker);
    });
}

std::optional<candidate> recycling::next(unsigned at_once)
{
    if (queue_.empty() || out_.size() >= at_once)
        return std::nullopt;
    // The first of those with the most urgent kind of reason; among the worn, first come.
    auto chosen = std::ranges::find_if(queue_, [](const auto& c) { return is_illness(c.why); });
    if (chosen == queue_.end())
        chosen = queue_.begin();
    candidate who = std::move(*chosen);
    queue_.erase(chosen);
    out_.emplace(who.worker, who.why);
    return who;
}

void recycling::done(std::uint32_t worker) { out_.erase(worker); }

}  // namespace cohort::primary
