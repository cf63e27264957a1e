#include <cohort/http/topics/event_stream.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/http/detail/event_response.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

namespace cohort::http {

awaitable<result<>> event_writer::send(const server_event& what)
{
    std::string text;
    append_event(text, what);
    auto sent = write(std::move(text));
    co_return co_await std::move(sent);
}

awaitable<result<>> event_writer::comment(std::string_view words)
{
    std::string text;
    append_event_comment(text, words);
    auto sent = write(std::move(text));
    co_return co_await std::move(sent);
}

/// One after the other: the program and its heartbeat do not know of each other.
awaitable<result<>> event_writer::write(std::string text)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const auto executor = co_await asio::this_coro::executor;
    if (!done_)
        done_.emplace(executor);
    while (writing_ && !stopped(stop))
        co_await done_->wait();
    if (writing_)
        co_return failed(errc::stopping, "write an event");
    writing_ = true;
    const auto sent = co_await out_.write(text);
    writing_ = false;
    written_ = now();
    done_->notify_all();
    co_return sent;
}

namespace {

/// What a stream is made of, for as long as it runs.
struct event_source {
    event_producer produce;
    event_stream_options how;
};

/// The same manners as for other handlers: cancellation does not throw. False: it came already.
awaitable<bool> begin_well()
{
    const auto before = co_await asio::this_coro::cancellation_state;
    const bool goes_on = !stopped(before);
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    co_return goes_on;
}

awaitable<> produce_events(event_source& from, event_writer& out)
{
    const bool goes_on = co_await begin_well();
    if (goes_on)
        co_await from.produce(out);
}

/// Comments, until it is cancelled or the client is gone.
awaitable<> beat(seconds every, event_writer& out)
{
    bool goes_on = co_await begin_well();
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (goes_on && !stopped(stop)) {
        const nanoseconds left = out.written() + every - now();
        if (left > nanoseconds{0}) {
            co_await sleep_for(left);
        } else if (out.writing()) {
            // It takes nothing at the moment: the connection's own patience is for that.
            co_await sleep_for(every);
        } else {
            const auto sent = co_await out.comment("");
            goes_on = sent.has_value();
        }
    }
}

awaitable<> run(event_source& from, body_writer& body)
{
    event_writer out{body};
    if (from.how.heartbeat == no_heartbeat) {
        co_await from.produce(out);
        co_return;
    }
    const auto executor = co_await asio::this_coro::executor;
    const seconds every = std::max(from.how.heartbeat, seconds{1});
    // Both end before this does: who ends first cancels the other.
    auto both = asio::experimental::make_parallel_group(
        asio::co_spawn(executor, produce_events(from, out), asio::deferred),
        asio::co_spawn(executor, beat(every, out), asio::deferred));
    auto ended = both.async_wait(asio::experimental::wait_for_one(), asio::deferred);
    const auto [order, thrown, unheard] = co_await std::move(ended)(asio::use_awaitable);
    if (thrown)
        std::rethrow_exception(thrown);
}

}  // namespace

response event_stream(event_producer producer, event_stream_options how)
{
    auto from = std::make_unique<event_source>(event_source{std::move(producer), how});
    return detail::event_response(
        [from = std::move(from)](body_writer& out) { return run(*from, out); });
}

}  // namespace cohort::http
