// What the automaton says when time has passed.
#include <cohort/http/exchange.hpp>

#include <cohort/base/assert.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace cohort::http {

namespace {

constexpr violation head_late{408, "http.timeout.head", "the request's head took too long"};
constexpr violation body_late{408, "http.timeout.body", "the request's body took too long"};

}  // namespace

void exchange::sent(std::size_t count, rest more, std::uint32_t second) noexcept
{
    state_.bytes_answered += count;
    if (more == rest::none) {
        // What the client owes us, it owes us from now on.
        if (std::exchange(state_.blocked_since, 0U) != 0 && state_.now != phase::running)
            state_.since = second;
    } else if (count != 0 || state_.blocked_since == 0) {
        state_.blocked_since = second;
    }
}

void exchange::acknowledged(std::uint32_t second) noexcept
{
    if (state_.blocked_since != 0)
        state_.blocked_since = second;
}

void exchange::body_wait(waiting whom, std::uint32_t second) noexcept
{
    if (whom == waiting::for_handler) {
        if (has(flag::client_slow))
            body_waited_ += second - state_.since;
        unset(flag::client_slow);
    } else if (!has(flag::client_slow)) {
        set(flag::client_slow);
        // Its time counts from here: until now it was the handler that was slow.
        state_.since = second;
    }
}

bool exchange::body_is_late(std::uint32_t second) const noexcept
{
    const auto grace = static_cast<std::uint32_t>(rules_->patience.body_grace.count());
    const bool streamed = state_.now == phase::running;
    if (grace == 0 || (streamed && !has(flag::client_slow)))
        return false;
    // A streaming handler may be slow itself: only the time in which it waits counts.
    const std::uint32_t waits = second - state_.since;
    const std::uint32_t waited = streamed ? body_waited_ + waits : waits;
    const auto silence = static_cast<std::uint32_t>(rules_->patience.send.count());
    if (streamed && silence != 0 && waits >= silence)
        return true;
    if (waited <= grace)
        return false;
    const std::uint64_t expected =
        std::uint64_t{waited - grace} * rules_->patience.body_bytes_per_second;
    return state_.body_taken < expected;
}

order exchange::time(record* r, std::uint32_t second) noexcept
{
    const auto over = [&](std::uint32_t since, std::chrono::seconds limit) {
        return limit.count() != 0 && second >= since + static_cast<std::uint64_t>(limit.count());
    };
    // While the client is busy with our answer, we do not read: nothing else can be late.
    if (state_.blocked_since != 0)
        return over(state_.blocked_since, rules_->patience.send) ? order::close : order::wait;
    switch (state_.now) {
        case phase::idle:
            return over(state_.since, rules_->patience.keep_alive) ? order::linger : order::wait;
        case phase::head:
            if (!over(state_.since, rules_->patience.head))
                return order::wait;
            COHORT_ASSERT(r != nullptr);
            return refuse(*r, head_late);
        case phase::body:
            if (!body_is_late(second))
                return order::wait;
            COHORT_ASSERT(r != nullptr);
            return refuse(*r, body_late);
        case phase::discarding:
            return body_is_late(second) ? order::linger : order::wait;
        case phase::lingering:
            return over(state_.since, rules_->patience.linger) ? order::close : order::wait;
        case phase::routing:
        case phase::running:
        case phase::closed:
            break;
    }
    return order::wait;
}

std::uint32_t exchange::due(std::uint32_t second) const noexcept
{
    const auto at = [](std::uint32_t since, std::chrono::seconds limit) {
        return limit.count() == 0 ? 0 : since + static_cast<std::uint32_t>(limit.count());
    };
    if (state_.blocked_since != 0)
        return due_blocked(second);
    std::uint32_t when = 0;
    switch (state_.now) {
        case phase::idle:
            when = at(state_.since, rules_->patience.keep_alive);
            break;
        case phase::head:
            when = at(state_.since, rules_->patience.head);
            break;
        case phase::body:
        case phase::discarding:
            when = second + 1;
            break;
        case phase::running:
            when = has(flag::client_slow) ? second + 1 : 0;
            break;
        case phase::lingering:
            when = at(state_.since, rules_->patience.linger);
            break;
        case phase::routing:
        case phase::closed:
            break;
    }
    return when;
}

std::uint32_t exchange::due_blocked(std::uint32_t second) const noexcept
{
    if (has(flag::client_slow))
        return second + 1;
    const auto limit = static_cast<std::uint32_t>(rules_->patience.send.count());
    if (limit == 0)
        return 0;
    // The socket takes no more long before the client takes no more: somebody must go and look.
    constexpr std::uint32_t looks = 6;
    return std::min(second + std::max(limit / looks, 1U), state_.blocked_since + limit);
}

}  // namespace cohort::http
