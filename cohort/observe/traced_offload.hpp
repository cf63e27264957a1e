#pragma once

#include <cohort/async/offload.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/observe/span.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace cohort::observe {

/// cohort::offload(), as a span: from now on until the answer is there, with an event ("runs") when
/// a lane came to it. It has failed if the work throws, or was not accepted.
///
///     auto small = co_await observe::offload(http::span_of(request).child("resize"),
///                                            [&] { return resize(picture); });
template <class F, class T = std::invoke_result_t<F&>>
awaitable<T> offload(span job, F work)
{
    // The lane's thread has the span alone meanwhile: we wait.
    auto measured = [&job, &work]() -> T {
        job.event("runs");
        return work();
    };
    try {
        awaitable<T> run = cohort::offload(measured);
        if constexpr (std::is_void_v<T>) {
            co_await std::move(run);
            job.end();
        } else {
            T answer = co_await std::move(run);
            job.end();
            co_return answer;
        }
    } catch (const std::exception& thrown) {
        job.fail(thrown.what()).end();
        throw;
    }
}

}  // namespace cohort::observe
