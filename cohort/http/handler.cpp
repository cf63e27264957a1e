#include <cohort/http/handler.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/http/problem.hpp>

#include <exception>
#include <new>

namespace cohort::http {

namespace {

/// Nothing of an unexpected error reaches the client: its text may hold secrets.
response unexpected_error(const request& of, const error_observer& observer, std::string_view what)
{
    if (observer)
        observer(of, what);
    return problem(500);
}

}  // namespace

awaitable<result<>> produce(response& answer, body_writer& out, const request& of,
                            const error_observer& observer)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    try {
        awaitable<> work = answer.producer()(out);
        co_await std::move(work);
        co_return result<>{};
    } catch (...) {
        // A producer that is told to stop may well throw: that is no news.
        if (!stopped(stop))
            static_cast<void>(detail::answer_to_exception(of, observer));
    }
    co_return failed(errc::cancelled, "produce a streamed body");
}

namespace detail {

response answer_to_exception(const request& of, const error_observer& observer)
{
    try {
        throw;
    } catch (const refusal& refused) {
        return refused.answer();
    } catch (const failure& failed) {
        const error_code why = failed.why().why();
        if (why == errc::queue_full)
            return overloaded();
        if (why == errc::circuit_open)
            return overloaded("a server that is asked for it does not answer");
        if (why == errc::stopping)
            return overloaded("the server is stopping");
        return unexpected_error(of, observer, failed.what());
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        return unexpected_error(of, observer, error.what());
    } catch (...) {
        return unexpected_error(of, observer, "an exception that is no std::exception");
    }
}

}  // namespace detail

}  // namespace cohort::http
