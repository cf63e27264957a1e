#pragma once
// What programs give to the router, and the one place where what they throw ends.

#include <cohort/async/stop.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/route_notes.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace cohort::http {

/// A function that knows what belongs to the notes of its route: what body it takes, say.
template <class F>
concept annotated = requires(const std::remove_cvref_t<F>& function) {
    {
        function.notes()
    } -> std::same_as<route_notes>;
};

/// Hears of what user code threw and nobody expected, for the log; the client only sees "500".
/// Refusals are answers, not errors, and are not reported. Any thread of the worker.
using error_observer =
    std::move_only_function<void(const request& of, std::string_view what) const noexcept>;

/// A function that answers a request: plain (returns response), or a coroutine (returns
/// task<response>). A resource of the router.
///
/// Takes `const request&` or `request&`, and may be `annotated`. It is called from several requests
/// at a time, so it must be callable when const. A coroutine lambda may capture: the router keeps
/// it for as long as requests run.
class handler {
public:
    using plain = std::move_only_function<response(request&) const>;
    using coroutine = std::move_only_function<awaitable<response>(request&) const>;

    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, handler>)
    handler(F&& function)
        : notes_(notes_of(function)),  // braces would make one note of them all
          call_{wrap(std::forward<F>(function))}
    {}

    /// What the function adds to the notes of its route.
    [[nodiscard]] const route_notes& notes() const noexcept { return notes_; }

    [[nodiscard]] bool is_coroutine() const noexcept { return call_.index() == 1; }

    /// is_coroutine() must be false.
    [[nodiscard]] response operator()(request& of) const { return std::get<plain>(call_)(of); }

    /// is_coroutine() must be true.
    [[nodiscard]] awaitable<response> start(request& of) const
    {
        return std::get<coroutine>(call_)(of);
    }

private:
    using call = std::variant<plain, coroutine>;

    template <class F>
    static route_notes notes_of(const F& function)
    {
        if constexpr (annotated<F>)
            return function.notes();
        else
            return {};
    }

    template <class F>
    static call wrap(F&& function)
    {
        using kept = std::decay_t<F>;
        static_assert(std::is_invocable_v<const kept&, request&>,
                      "a handler is callable, when const, with cohort::http::request&");
        using answer = std::invoke_result_t<const kept&, request&>;
        static_assert(std::same_as<answer, response> || std::same_as<answer, awaitable<response>>,
                      "a handler returns cohort::http::response or "
                      "cohort::task<cohort::http::response>");
        if constexpr (std::same_as<answer, response>)
            return call{std::in_place_type<plain>, std::forward<F>(function)};
        else
            return call{std::in_place_type<coroutine>, std::forward<F>(function)};
    }

    route_notes notes_;
    call call_;
};

/// Runs the producer of a streamed response into `out`, and turns what it throws into a fault
/// (errc::cancelled), after telling `observer`: cut the connection then.
/// Lifetime: all four until the awaitable completes.
[[nodiscard]] awaitable<result<>> produce(response& answer, body_writer& out, const request& of,
                                          const error_observer& observer);

namespace detail {

/// The answer to the exception that is being handled; call it inside a catch block.
/// std::bad_alloc passes, and ends the process.
[[nodiscard]] response answer_to_exception(const request& of, const error_observer& observer);

/// Runs `call`, which returns an Answer: a response or an optional one. What it throws becomes one.
template <class Answer = response, class F>
[[nodiscard]] Answer guarded(const request& of, const error_observer& observer, F&& call)
{
    try {
        return call();
    } catch (...) {
        return answer_to_exception(of, observer);
    }
}

/// Runs `call`; the answer to what it throws is put into `answer`.
template <class F>
void guarded_in_place(const request& of, const error_observer& observer, response& answer, F&& call)
{
    try {
        call();
    } catch (...) {
        answer = answer_to_exception(of, observer);
    }
}

/// The same around a coroutine, which `start` begins. Lifetime: `of` and `observer`, and what
/// `start` refers to, until the awaitable completes.
template <class F>
[[nodiscard]] awaitable<response> guarded_task(const request& of, const error_observer& observer,
                                               F start)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    try {
        awaitable<response> task = start();
        response answer = co_await std::move(task);
        co_return answer;
    } catch (...) {
        // Operations that were told to stop may well throw: that is no news, and nobody waits for
        // the answer.
        static const error_observer silent;
        co_return answer_to_exception(of, stopped(stop) ? silent : observer);
    }
}

}  // namespace detail

}  // namespace cohort::http
