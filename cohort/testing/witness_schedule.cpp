#include <cohort/testing/witness_schedule.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/base/random.hpp>
#include <cohort/base/try.hpp>

#include <algorithm>
#include <numeric>
#include <string>

namespace cohort::testing {

namespace {

constexpr std::array<std::string_view, witness_kinds> names{
    "get", "slow", "post", "put", "pipeline", "large", "stream", "slow_reader", "slow_writer"};

result<std::pair<witness_kind, std::uint32_t>> parse_weight(std::string_view text)
{
    const std::size_t equals = text.find('=');
    const auto known = std::ranges::find(names, text.substr(0, equals));
    const auto weight = parse_integer<std::uint32_t>(
        equals == std::string_view::npos ? std::string_view{} : text.substr(equals + 1));
    if (known == names.end() || !weight)
        return failed(errc::bad_value, "read the mix (kind=weight,...)", std::string{text});
    return std::pair{static_cast<witness_kind>(known - names.begin()), *weight};
}

/// Evenly spread in [least, most].
std::uint32_t between(random_source& dice, std::uint32_t least, std::uint32_t most) noexcept
{
    return least + static_cast<std::uint32_t>(dice.next() % (most - least + 1));
}

}  // namespace

std::string_view name(witness_kind kind) noexcept { return names[static_cast<std::size_t>(kind)]; }

witness_mix witness_mix::plain()
{
    witness_mix mix;
    mix[witness_kind::get] = 1;
    return mix;
}

witness_mix witness_mix::everything()
{
    witness_mix mix;
    mix.weights = {56, 10, 10, 8, 5, 5, 0, 3, 3};
    return mix;
}

result<witness_mix> witness_mix::parse(std::string_view text)
{
    witness_mix mix;
    while (!text.empty()) {
        const std::string_view one = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), one.size() + 1));
        COHORT_TRY(const auto weight, parse_weight(one));
        mix[weight.first] = weight.second;
    }
    if (mix.sum() == 0)
        return failed(errc::bad_value, "read the mix: every weight is 0");
    return mix;
}

std::uint64_t witness_mix::sum() const noexcept
{
    return std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
}

witness_schedule::witness_schedule(const plan& how) noexcept
    : plan_{how}, weights_{how.mix.sum()}
{
    COHORT_ASSERT(weights_ != 0);
}

witness_item witness_schedule::at(std::uint64_t index) const noexcept
{
    // A generator of its own for each item: neighbours do not depend on each other.
    random_source dice{random_source{plan_.seed ^ (index * 0x9e37'79b9'7f4a'7c15ULL)}.next()};

    witness_item item;
    std::uint64_t left = dice.next() % weights_;
    std::size_t kind = 0;
    while (left >= plan_.mix.weights[kind])
        left -= plan_.mix.weights[kind++];
    item.kind = static_cast<witness_kind>(kind);

    item.answer_bytes = between(dice, 0, 400);
    const auto work_max = static_cast<std::uint32_t>(2 * plan_.work.count());
    const milliseconds work{between(dice, 1, std::max(work_max, 1U))};
    switch (item.kind) {
        case witness_kind::slow:
            item.work = work;
            break;
        case witness_kind::post:
        case witness_kind::put:
            item.body_bytes = between(dice, 1, 4000);
            // A death has to find some of them running.
            if (dice.fraction() < 0.5)
                item.work = work;
            break;
        case witness_kind::slow_writer:
            item.body_bytes = between(dice, 1, 40'000);
            break;
        case witness_kind::pipeline:
            item.requests = between(dice, 2, 8);
            break;
        case witness_kind::large:
            item.answer_bytes += plan_.large_bytes;
            break;
        case witness_kind::slow_reader:
            item.answer_bytes += 8 * plan_.large_bytes;
            break;
        case witness_kind::stream:
            item.answer_bytes += 20'000;
            break;
        case witness_kind::get:
            break;
    }
    if (dice.fraction() < plan_.pauses)
        item.pause = nanoseconds{static_cast<std::int64_t>(
            dice.fraction() * static_cast<double>(nanoseconds{plan_.pause_max}.count()))};
    item.fresh = dice.fraction() < plan_.fresh;  // last: plans without it ask what they always did
    return item;
}

nanoseconds witness_schedule::due(std::uint64_t index, double rate) noexcept
{
    return nanoseconds{static_cast<std::int64_t>(static_cast<double>(index) * 1e9 / rate)};
}

}  // namespace cohort::testing
