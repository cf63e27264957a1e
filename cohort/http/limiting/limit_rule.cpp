#include <cohort/http/limiting/limit_rule.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

// GCRA's word is the theoretical arrival time of the next request. 52 bits of these ticks are nine
// years after the machine started.
constexpr std::uint64_t tick_ns = 64;

// A fixed window's word is its end, modulo 2^32 in ticks of 10 ms (497 days), and the count.
constexpr std::uint64_t window_tick_ns = 10'000'000;
constexpr unsigned count_bits = 20;
constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;
static_assert(limit_rule::limit_max <= count_mask && 32 + count_bits == limit_word_bits);

// Whoever read the clock and was then kept from running comes with a time that is over, to a word
// that others have written since. What lies further ahead than a rule can write, by no more than
// this, is theirs; by more, it was written under another rule or by a stray.
constexpr std::uint64_t late_ns = 5'000'000'000;

constexpr std::uint64_t up(std::uint64_t value, std::uint64_t by) noexcept
{
    return (value + by - 1) / by;
}

std::uint64_t in_ns(std::chrono::milliseconds span) noexcept
{
    return static_cast<std::uint64_t>(std::chrono::nanoseconds{span}.count());
}

std::chrono::nanoseconds span_of(std::uint64_t ns) noexcept
{
    return std::chrono::nanoseconds{static_cast<std::int64_t>(ns)};
}

struct open_window {
    std::uint32_t end;
    std::uint32_t left;  // ticks
    std::uint64_t count;
};

/// The window that `used` tells of, or one that begins now.
open_window window_at(limit_word used, std::uint64_t now_tick, std::uint64_t window) noexcept
{
    const auto now = static_cast<std::uint32_t>(now_tick);
    const auto end = static_cast<std::uint32_t>(used >> count_bits);
    const std::uint32_t left = end - now;
    const std::uint64_t count = used & count_mask;
    const auto whole = static_cast<std::uint32_t>(window);
    if (count == 0 || left == 0 || left > window + late_ns / window_tick_ns)
        return {now + whole, whole, 0};
    return {end, std::min(left, whole), count};
}

limit_word word_of(std::uint32_t end, std::uint64_t count) noexcept
{
    return count == 0 ? 0 : std::uint64_t{end} << count_bits | count;
}

}  // namespace

result<limit_rule> limit_rule::of(const measures& given)
{
    const auto refused = [](const char* what) {
        return failed(errc::bad_value, "limit requests with", what);
    };
    if (given.limit < 1 || given.limit > limit_max)
        return refused("a limit that is not 1 to 1000000");
    if (given.window < std::chrono::seconds{1} || given.window > window_max)
        return refused("a window that is not one second to 31 days");
    if (given.burst > limit_max)
        return refused("a burst above 1000000");
    if (given.burst != 0 && given.kind != limit_kind::gcra)
        return refused("a burst in a fixed window, which has none");
    const limit_rule made{given};
    if (made.given_.burst > in_ns(refill_max) / tick_ns / made.interval_)
        return refused("a burst that takes more than a year to come back");
    return made;
}

limit_rule::limit_rule(const measures& given) noexcept
    : given_{given},
      interval_{up(in_ns(given.window), tick_ns * given.limit)},
      window_{up(in_ns(given.window), window_tick_ns)}
{
    if (given_.kind == limit_kind::gcra && given_.burst == 0)
        given_.burst = given_.limit;
}

limit_ruling limit_rule::step(limit_word used, std::uint64_t now_ns) const noexcept
{
    if (given_.kind == limit_kind::fixed_window) {
        const auto at = window_at(used, now_ns / window_tick_ns, window_);
        const bool admitted = at.count < given_.limit;
        const std::uint64_t count = std::min(at.count, given_.limit) + (admitted ? 1 : 0);
        // Refused: the word stays, so that nothing is written for those who hammer.
        return {.admitted = admitted,
                .remaining = given_.limit - count,
                .more_in = span_of(at.left * window_tick_ns),
                .next = admitted ? word_of(at.end, count) : used};
    }
    const std::uint64_t now = now_ns / tick_ns;
    const std::uint64_t whole = interval_ * given_.burst;
    const std::uint64_t written = used > now ? used - now : 0;
    const std::uint64_t ahead = std::min(written, whole);
    // Cut to what it can be, or a key would be refused until the time of another rule is over.
    const limit_word known = written > whole + late_ns / tick_ns ? now + whole : used;
    const bool admitted = ahead + interval_ <= whole;
    const std::uint64_t spent = admitted ? ahead + interval_ : ahead;
    const std::uint64_t remaining = (whole - spent) / interval_;
    const std::uint64_t enough = (given_.burst - remaining - 1) * interval_;
    return {.admitted = admitted,
            .remaining = remaining,
            .more_in = span_of((spent - enough) * tick_ns),
            .next = admitted ? now + spent : known};
}

limit_word limit_rule::give_back(limit_word used, limit_word then,
                                 std::uint64_t now_ns) const noexcept
{
    if (given_.kind == limit_kind::fixed_window) {
        const auto at = window_at(used, now_ns / window_tick_ns, window_);
        if (at.count == 0 || at.end != static_cast<std::uint32_t>(then >> count_bits))
            return used;
        return word_of(at.end, at.count - 1);
    }
    const std::uint64_t now = now_ns / tick_ns;
    // Faded: what is used now was used by others.
    if (then <= now || used < then)
        return used;
    return used - interval_;
}

std::uint64_t limit_rule::fades_in_ns(limit_word used, std::uint64_t now_ns) const noexcept
{
    if (given_.kind == limit_kind::fixed_window) {
        const auto at = window_at(used, now_ns / window_tick_ns, window_);
        return at.count == 0 ? 0 : at.left * window_tick_ns;
    }
    const std::uint64_t now = now_ns / tick_ns;
    return used > now ? (used - now) * tick_ns : 0;
}

}  // namespace cohort::http
