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

void exchange::sent(record& r, std::size_t count, rest more, std::uint32_t second) noexcept
{
    state_.bytes_answered += count;
    if (more == rest::none) {
        if (std::exchange(state_.blocked_since, 0U) == 0) [[likely]]
            return;
        // What the client owes us, it owes us from now on.
        if (state_.now != phase::running)
            state_.since = second;
        if (owes_body())
            r.body_pace.go_on(second);
        r.answer_pace.pause(second, rules_->patience.for_answers());
        return;
    }
    if (state_.blocked_since == 0) {
        // While it is busy with our answer we do not read: its body cannot be late.
        if (owes_body())
            r.body_pace.pause(second, rules_->patience.for_bodies());
        if (r.answer_pace.begun())
            r.answer_pace.go_on(second);
        else
            r.answer_pace.begin(r.answer_taken, second, rules_->patience.for_answers());
    }
    if (count != 0 || state_.blocked_since == 0)
        state_.blocked_since = second;
}

void exchange::acknowledged(record& r, std::uint64_t count, std::uint32_t second) noexcept
{
    if (state_.blocked_since == 0)
        return;
    r.answer_taken += count;
    answer_late_ = r.answer_pace.is_late(r.answer_taken, second, rules_->patience.for_answers());
    if (count != 0)
        state_.blocked_since = second;
}

bool exchange::owes_body() const noexcept
{
    return state_.now == phase::body || state_.now == phase::discarding ||
           (state_.now == phase::running && has(flag::client_slow));
}

void exchange::body_wait(record& r, waiting whom, std::uint32_t second) noexcept
{
    const pace_terms asked = rules_->patience.for_bodies();
    if (whom == waiting::for_handler) {
        if (has(flag::client_slow))
            r.body_pace.pause(second, asked);
        unset(flag::client_slow);
    } else if (!has(flag::client_slow)) {
        set(flag::client_slow);
        // Its time counts from here: until now it was the handler that was slow.
        if (r.body_pace.begun())
            r.body_pace.go_on(second);
        else
            r.body_pace.begin(0, second, asked);
    }
}

bool exchange::body_is_late(record& r, std::uint32_t second) const noexcept
{
    return owes_body() &&
           r.body_pace.is_late(state_.body_taken, second, rules_->patience.for_bodies());
}

order exchange::time(record* r, std::uint32_t second) noexcept
{
    const auto over = [&](std::uint32_t since, std::chrono::seconds limit) {
        return limit.count() != 0 && second >= since + static_cast<std::uint64_t>(limit.count());
    };
    // While the client is busy with our answer, we do not read: nothing else can be late.
    if (state_.blocked_since != 0) {
        const bool late = answer_late_ || over(state_.blocked_since, rules_->patience.send);
        return late ? order::close : order::wait;
    }
    switch (state_.now) {
        case phase::idle:
            return over(state_.since, rules_->patience.keep_alive) ? order::linger : order::wait;
        case phase::head:
            if (!over(state_.since, rules_->patience.head))
                return order::wait;
            COHORT_ASSERT(r != nullptr);
            return refuse(*r, head_late);
        case phase::body:
            COHORT_ASSERT(r != nullptr);
            return body_is_late(*r, second) ? refuse(*r, body_late) : order::wait;
        case phase::discarding:
            COHORT_ASSERT(r != nullptr);
            return body_is_late(*r, second) ? order::linger : order::wait;
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
