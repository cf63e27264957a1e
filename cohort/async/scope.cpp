#include <cohort/async/scope.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/assert.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace cohort {

namespace {

awaitable<> without_throwing(awaitable<> work)
{
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    // co_spawn runs a coroutine at once when it is called on the loop. One that ended inside
    // spawn() would surprise the caller, and leave it a dangling signal.
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    co_await asio::post(executor, asio::use_awaitable);
    co_await std::move(work);
}

}  // namespace

scope::scope(asio::any_io_executor executor, wakeup* also)
    : executor_{executor}, left_{executor}, also_{also}
{}

scope::~scope() { COHORT_ASSERT(running_.empty()); }

asio::cancellation_signal* scope::spawn(awaitable<> work, const asio::any_io_executor& on)
{
    if (stopping_)
        return nullptr;
    const auto self = running_.emplace(running_.end());
    asio::co_spawn(on, without_throwing(std::move(work)),
                   asio::bind_cancellation_slot(self->slot(), [this, self](std::exception_ptr e) {
                       running_.erase(self);
                       left_.notify_all();
                       if (also_ != nullptr)
                           also_->notify_all();
                       if (e)
                           std::rethrow_exception(e);
                   }));
    return &*self;
}

void scope::stop()
{
    stopping_ = true;
    // emit() may complete a coroutine at once and erase its element: step past it first.
    for (auto at = running_.begin(); at != running_.end();) {
        auto& signal = *at++;
        signal.emit(asio::cancellation_type::all);
    }
}

awaitable<> scope::join()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!running_.empty() && !stopped(stop))
        co_await left_.wait();
}

}  // namespace cohort
