#include <cohort/worker/door.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/observe/log.hpp>

#include <algorithm>
#include <utility>

#include <sys/epoll.h>

namespace cohort::work {

using namespace std::chrono_literals;

door::door(asio::any_io_executor executor, net::poller& poller, porter& around, plan what)
    : plan_{std::move(what)},
      poller_{poller},
      porter_{around},
      arrived_{executor},
      pause_{executor},
      shortage_{5ms, 1s}
{}

door::~door() { close(); }

bool door::wanted() const noexcept
{
    if (!open_ || !plan_.socket.valid() || resting_)
        return false;
    return serves() || waiters_ > waiting_.size();
}

bool door::has_room() const noexcept { return open_ && (serves() || waiters_ > waiting_.size()); }

void door::watch() noexcept
{
    if (watching_)
        return;
    if (auto begun = poller_.watch(plan_.socket.borrow(), EPOLLIN, *this)) {
        watching_ = true;
    } else {
        log::warn("cannot watch {}: {}; trying again", plan_.where.text(), begun.error().text());
        rest(shortage_.next());
    }
}

void door::unwatch() noexcept
{
    if (std::exchange(watching_, false))
        poller_.forget(plan_.socket.borrow(), *this);
}

void door::attend() noexcept
{
    if (wanted())
        watch();
}

void door::rest(nanoseconds how_long) noexcept
{
    resting_ = true;
    unwatch();
    pause_.expires_after(how_long);
    pause_.async_wait([this](const error_code& ec) {
        if (ec)
            return;
        resting_ = false;
        attend();
    });
}

bool door::failed_to_accept(net::accept_verdict verdict, const error_code& why) noexcept
{
    if (verdict == net::accept_verdict::client_left)
        return false;
    if (verdict == net::accept_verdict::exhausted) {
        log::warn("no descriptor for a connection to {} ({}); it waits, trying again",
                  plan_.where.text(), why.message());
        rest(shortage_.next());
    }
    if (verdict == net::accept_verdict::broken) {
        log::error("accept on {}: {}; this worker no longer listens there", plan_.where.text(),
                   why.message());
        close();
    }
    return true;
}

std::size_t door::accept_up_to(std::size_t most, purpose why) noexcept
{
    std::size_t accepted = 0;
    // A sink may close the door between two connections, and the socket with it.
    while (accepted < most && plan_.socket.valid() && (why == purpose::sweep || wanted())) {
        // What was just accepted may have filled this worker; the rest is for others, or for later.
        if (why == purpose::serve && accepted != 0 && porter_.wait_before_accept() != 0ns)
            break;
        auto outcome = net::accept_one(plan_.socket.borrow());
        if (outcome.verdict != net::accept_verdict::accepted) {
            if (failed_to_accept(outcome.verdict, outcome.why))
                break;
            continue;
        }
        shortage_.reset();
        ++accepted;
        if (why == purpose::serve)
            porter_.pass_on(*this, outcome.connection);
        if (outcome.connection.valid())
            deliver(std::move(outcome.connection));
    }
    return accepted;
}

void door::ready(std::uint32_t) noexcept
{
    if (!wanted()) {
        unwatch();
        return;
    }
    const nanoseconds pause = porter_.wait_before_accept();
    if (pause > nanoseconds::zero())
        rest(pause);
    else
        accept_up_to(batch_max, purpose::serve);
}

std::size_t door::sweep(std::size_t most) noexcept
{
    return plan_.socket.valid() ? accept_up_to(most, purpose::sweep) : 0;
}

void door::deliver(unique_fd connection) noexcept
{
    if (sink_) {
        sink_(std::move(connection));
        return;
    }
    waiting_.push_back(std::move(connection));
    arrived_.notify_one();
}

void door::serve(sink take)
{
    sink_ = std::move(take);
    while (!waiting_.empty()) {
        unique_fd next = std::move(waiting_.front());
        waiting_.pop_front();
        sink_(std::move(next));
    }
    attend();
    porter_.has_room();
}

awaitable<result<unique_fd>> door::next()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (waiting_.empty()) {
        if (!open_ || sink_)
            co_return failed(errc::stopping, "accept on", plan_.where.text());
        if (stopped(stop))
            co_return failed(errc::cancelled, "accept on", plan_.where.text());
        // Only as many connections leave the shared queue as somebody waits for: a connection that
        // this worker cannot take yet should go to another one.
        ++waiters_;
        attend();
        porter_.has_room();
        co_await arrived_.wait();
        --waiters_;
        if (stopped(stop)) {
            // Nobody may be there to take it any more; who waits besides us gets it.
            arrived_.notify_one();
            co_return failed(errc::cancelled, "accept on", plan_.where.text());
        }
    }
    unique_fd mine = std::move(waiting_.front());
    waiting_.pop_front();
    porter_.handed_out(mine.borrow());
    co_return std::move(mine);
}

void door::shut() noexcept
{
    unwatch();
    pause_.cancel();
    plan_.socket.reset();
}

void door::close() noexcept
{
    if (!open_)
        return;
    open_ = false;
    unwatch();
    // The kernel goes on completing handshakes for as long as anybody has the socket: once nobody
    // will accept, clients should be refused at once, and a successor should get the port.
    plan_.socket.reset();
    pause_.cancel();
    arrived_.notify_all();
    porter_.closed(*this);
}

}  // namespace cohort::work
