#include <cohort/async/offload.hpp>
#include <cohort/async/scope.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <future>
#include <stdexcept>
#include <thread>

using namespace cohort;

namespace {

awaitable<> ask_for_thread(std::thread::id& id)
{
    id = co_await offload([] { return std::this_thread::get_id(); });
}

awaitable<> ask_for_trouble(bool& caught)
{
    try {
        co_await offload([] { throw std::runtime_error{"trouble"}; });
    } catch (const std::runtime_error&) {
        caught = true;
    }
}

awaitable<> fill_and_be_refused(asio::io_context& loop, error_code& seen)
{
    lanes::of(loop).configure(1, 1);
    std::promise<void> open;
    auto gate = open.get_future().share();
    std::promise<void> begun;
    auto occupied = lanes::of(loop).run([gate, &begun]() noexcept {
        begun.set_value();
        gate.wait();
    });
    begun.get_future().wait();
    auto queued = lanes::of(loop).run([]() noexcept {});
    CHECK(occupied);
    CHECK(queued);
    try {
        co_await offload([] {});
    } catch (const failure& refused) {
        seen = refused.why().why();
    }
    open.set_value();
}

}  // namespace

TEST_CASE("offloaded work runs on another thread and its answer comes back to the loop")
{
    asio::io_context loop;
    scope tasks{loop.get_executor()};
    std::thread::id id;
    tasks.spawn(ask_for_thread(id));
    loop.run();
    CHECK(id != std::thread::id{});
    CHECK(id != std::this_thread::get_id());
}

TEST_CASE("what offloaded work throws is thrown where it was awaited")
{
    asio::io_context loop;
    scope tasks{loop.get_executor()};
    bool caught = false;
    tasks.spawn(ask_for_trouble(caught));
    loop.run();
    CHECK(caught);
}

TEST_CASE("lanes refuse work when their queue is full, and say so")
{
    asio::io_context loop;
    scope tasks{loop.get_executor()};
    error_code seen;
    tasks.spawn(fill_and_be_refused(loop, seen));
    loop.run();
    CHECK(seen == errc::queue_full);
}
