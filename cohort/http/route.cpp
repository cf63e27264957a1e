#include <cohort/http/route.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/offload.hpp>
#include <cohort/base/assert.hpp>
#include <cohort/http/detail/handler_span.hpp>
#include <cohort/http/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cohort::http {

namespace {

run_mode mode_of(const route::parts& parts)
{
    const auto is_onion = [](const auto& each) { return std::holds_alternative<onion>(*each); };
    if (parts.answer->is_coroutine() || std::ranges::any_of(parts.around, is_onion))
        return run_mode::coroutine;
    return parts.options.cpu_bound ? run_mode::lane : run_mode::in_line;
}

std::optional<response> before(const hooks& each, request& of, const error_observer& observer)
{
    if (!each.before)
        return std::nullopt;
    return detail::guarded<std::optional<response>>(of, observer, [&] { return each.before(of); });
}

void after(const hooks& each, const request& of, response& answer, const error_observer& observer)
{
    if (each.after)
        detail::guarded_in_place(of, observer, answer, [&] { each.after(of, answer); });
}

}  // namespace

route::route(parts from)
    : parts_{std::move(from)}, mode_{mode_of(parts_)}
{
    if (parts_.options.name.empty())
        parts_.options.name =
            fmt::format("{} {}", parts_.verb ? http::text(*parts_.verb) : "ANY", parts_.pattern);
}

response route::run(request& of) const noexcept
{
    std::optional<response> early = enter(of);
    if (early)
        return *std::move(early);
    response answer = call(of);
    leave(of, answer);
    return answer;
}

std::optional<response> route::enter(request& of) const noexcept
{
    COHORT_ASSERT(mode_ != run_mode::coroutine);
    for (std::size_t at = 0; at < parts_.around.size(); ++at) {
        auto early = before(std::get<hooks>(*parts_.around[at]), of, *parts_.observer);
        if (early) {
            leave(of, *early, at);
            return early;
        }
    }
    if (mode_ == run_mode::lane)
        detail::lane_awaited(of);
    return std::nullopt;
}

response route::call(request& of) const noexcept
{
    detail::handler_visit here{of};
    response answer = detail::guarded(of, *parts_.observer, [&] { return (*parts_.answer)(of); });
    here.answered(answer);
    return answer;
}

void route::leave(const request& of, response& answer) const noexcept
{
    leave(of, answer, parts_.around.size());
}

void route::leave(const request& of, response& answer, std::size_t entered) const noexcept
{
    while (entered-- > 0)
        after(std::get<hooks>(*parts_.around[entered]), of, answer, *parts_.observer);
}

awaitable<response> route::run_async(request& of) const { return step(of, 0); }

awaitable<response> route::step(request& of, std::size_t at) const
{
    const error_observer& observer = *parts_.observer;
    if (at == parts_.around.size()) {
        awaitable<response> call = call_handler(of);
        response answer = co_await std::move(call);
        co_return answer;
    }

    const middleware& here = *parts_.around[at];
    if (const onion* const around = std::get_if<onion>(&here)) {
        auto start = [&] { return around->around(of, next{*this, at + 1}); };
        awaitable<response> call = detail::guarded_task(of, observer, start);
        response answer = co_await std::move(call);
        co_return answer;
    }

    const hooks& both = std::get<hooks>(here);
    std::optional<response> early = before(both, of, observer);
    if (early)
        co_return std::move(*early);
    awaitable<response> rest = step(of, at + 1);
    response answer = co_await std::move(rest);
    after(both, of, answer, observer);
    co_return answer;
}

awaitable<response> route::call_handler(request& of) const
{
    const error_observer& observer = *parts_.observer;
    const handler& here = *parts_.answer;
    if (!here.is_coroutine() && !parts_.options.cpu_bound)
        co_return call(of);

    if (!here.is_coroutine()) {
        // What the handler throws is handled on its lane; what offload() throws, here.
        detail::lane_awaited(of);
        auto start = [&] { return offload([&] { return call(of); }); };
        awaitable<response> task = detail::guarded_task(of, observer, start);
        response answer = co_await std::move(task);
        co_return answer;
    }

    detail::handler_visit visit{of};
    awaitable<response> work = call_coroutine(of);
    response answer = co_await std::move(work);
    visit.answered(answer);
    co_return answer;
}

awaitable<response> route::call_coroutine(request& of) const
{
    if (parts_.options.deadline <= std::chrono::nanoseconds{0}) {
        auto start = [&] { return parts_.answer->start(of); };
        awaitable<response> task = detail::guarded_task(of, *parts_.observer, start);
        response answer = co_await std::move(task);
        co_return answer;
    }

    awaitable<result<response>> race = with_deadline(raced(of), parts_.options.deadline);
    result<response> outcome = co_await std::move(race);
    if (outcome)
        co_return std::move(*outcome);
    co_return overloaded("the request took longer than this route allows");
}

awaitable<result<response>> route::raced(request& of) const
{
    // The race runs this on a strand of its own, with Asio's throw-on-cancel back on.
    co_await asio::this_coro::throw_if_cancelled(false);
    const handler& call = *parts_.answer;
    auto start = [&] { return call.start(of); };
    awaitable<response> task = detail::guarded_task(of, *parts_.observer, start);
    response answer = co_await std::move(task);
    co_return result<response>{std::move(answer)};
}

bool route::replayable(method used) const noexcept
{
    return parts_.options.replayable.value_or(idempotent(used));
}

bool route::replayable(const request& of) const noexcept
{
    const bool keyed = parts_.options.idempotency_keys && !parts_.options.replayable;
    return replayable(of.method()) || (keyed && of.header("Idempotency-Key").has_value());
}

std::vector<std::string> route::middleware_names() const
{
    std::vector<std::string> names;
    names.reserve(parts_.around.size());
    for (const auto& each : parts_.around)
        names.push_back(std::visit([](const auto& kind) { return kind.name; }, *each));
    return names;
}

awaitable<response> next::operator()(request& of) const { return on_->step(of, step_); }

}  // namespace cohort::http
