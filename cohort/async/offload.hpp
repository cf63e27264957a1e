#pragma once

#include <cohort/async/lanes.hpp>
#include <cohort/async/tokens.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace cohort {

namespace detail {

/// What a lane leaves behind for the loop. Void answers are an empty struct here.
template <class T>
struct offloaded {
    using value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
    std::optional<value> answer;
    std::exception_ptr thrown;
};

template <class T, class F>
void compute(F& work, offloaded<T>& into) noexcept
{
    try {
        if constexpr (std::is_void_v<T>) {
            work();
            into.answer.emplace();
        } else {
            into.answer.emplace(work());
        }
    } catch (const std::exception&) {
        into.thrown = std::current_exception();
    }
}

}  // namespace detail

/// Runs `work` on a compute lane of this loop; the loop goes on meanwhile.
///
/// @return       What `work` returned; what it threw (derived from std::exception) is thrown here.
///
/// Errors:       throws `failure` with errc::queue_full when too many jobs wait, errc::stopping
///               when the lanes are shut.
/// Cancel:       none: a function cannot be interrupted, and it may refer to the caller's frame.
/// Lifetime:     `work` is kept until it has run; references in it must outlive the await.
/// Loop:         call on the loop; `work` runs on another thread.
template <class F, class T = std::invoke_result_t<F&>>
awaitable<T> offload(F work)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    lanes& pool = lanes::of(asio::query(executor, asio::execution::context));
    detail::offloaded<T> outcome;
    detail::offloaded<T>* const into = &outcome;
    F* const from = &work;
    std::optional<fault> refused;
    std::optional<fault>* const refusal = &refused;
    lanes* const run_on = &pool;

    auto begin = [run_on, from, into, refusal](auto handler) {
        auto done = asio::get_associated_executor(handler);
        auto tracked = asio::prefer(done, asio::execution::outstanding_work.tracked);
        // Shared with the refusal path: when run() says no, the handler must still complete.
        auto kept = std::make_shared<decltype(handler)>(std::move(handler));
        auto accepted = run_on->run([from, into, kept, tracked]() mutable noexcept {
            detail::compute<T>(*from, *into);
            asio::post(tracked, [kept = std::move(kept)]() mutable { std::move (*kept)(); });
        });
        if (!accepted) {
            *refusal = std::move(accepted).error();
            asio::post(tracked, [kept = std::move(kept)]() mutable { std::move (*kept)(); });
        }
    };
    auto token = asio::use_awaitable;
    co_await asio::async_initiate<decltype(token), void()>(begin, token);

    if (refused)
        throw failure{*refused};
    if (outcome.thrown)
        std::rethrow_exception(outcome.thrown);
    if constexpr (!std::is_void_v<T>)
        co_return std::move(*outcome.answer);
}

}  // namespace cohort
