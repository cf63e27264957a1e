#include <cohort/async/scope.hpp>
#include <cohort/async/deadline.hpp>
#include <cohort/async/mailbox.hpp>
#include <cohort/async/stop.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <stdexcept>

using namespace cohort;
using namespace std::chrono_literals;

namespace {

awaitable<> wait_for_stop(wakeup& never, int& ended)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop))
        co_await never.wait();
    ++ended;
}

awaitable<> stop_and_join(scope& other, bool& joined)
{
    other.stop();
    co_await other.join();
    joined = true;
}

awaitable<> throw_out()
{
    throw std::runtime_error{"escaped"};
    co_return;
}

awaitable<result<int>> never(wakeup& silent)
{
    co_await silent.wait();
    co_return 1;
}

awaitable<> run_out_of_time(wakeup& silent, error_code& seen)
{
    auto work = never(silent);
    auto outcome = co_await with_deadline(std::move(work), 1ms);
    if (!outcome)
        seen = outcome.error().why();
}

awaitable<> produce(mailbox<int>& box, int& pushed)
{
    for (int i = 0; i < 5; ++i) {
        auto sent = co_await box.push(i);
        if (sent)
            ++pushed;
    }
    box.close();
}

awaitable<> consume(mailbox<int>& box, std::vector<int>& got, error_code& ended)
{
    for (;;) {
        auto next = co_await box.take();
        if (!next) {
            ended = next.error().why();
            break;
        }
        got.push_back(*next);
    }
}

}  // namespace

TEST_CASE("a stopped scope ends its coroutines and join() sees the last one out")
{
    asio::io_context loop;
    scope inner{loop.get_executor()};
    scope outer{loop.get_executor()};
    wakeup silent{loop.get_executor()};
    int ended = 0;
    bool joined = false;
    inner.spawn(wait_for_stop(silent, ended));
    inner.spawn(wait_for_stop(silent, ended));
    outer.spawn(stop_and_join(inner, joined));
    loop.run();
    CHECK(ended == 2);
    CHECK(joined);
    CHECK(inner.size() == 0);
}

TEST_CASE("a coroutine spawned after stop never runs")
{
    asio::io_context loop;
    scope tasks{loop.get_executor()};
    tasks.stop();
    tasks.spawn(throw_out());
    loop.run();
    CHECK(tasks.size() == 0);
}

TEST_CASE("an exception that escapes a coroutine leaves the loop")
{
    asio::io_context loop;
    scope tasks{loop.get_executor()};
    tasks.spawn(throw_out());
    CHECK_THROWS_AS(loop.run(), std::runtime_error);
}

TEST_CASE("work that passes its deadline is cancelled and reported")
{
    asio::io_context loop;
    scope tasks{loop.get_executor()};
    wakeup silent{loop.get_executor()};
    error_code seen;
    tasks.spawn(run_out_of_time(silent, seen));
    loop.run();
    CHECK(seen == errc::deadline_passed);
}

TEST_CASE("a full mailbox holds its producer back, and a closed one empties before it ends")
{
    asio::io_context loop;
    scope tasks{loop.get_executor()};
    mailbox<int> box{loop.get_executor(), 2};
    int pushed = 0;
    std::vector<int> got;
    error_code ended;
    tasks.spawn(produce(box, pushed));
    tasks.spawn(consume(box, got, ended));
    loop.run();
    CHECK(pushed == 5);
    CHECK(got == std::vector<int>{0, 1, 2, 3, 4});
    CHECK(ended == errc::channel_closed);
}
