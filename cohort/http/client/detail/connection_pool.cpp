#include <cohort/http/client/detail/connection_pool.hpp>

#include <cohort/async/stop.hpp>

#include <algorithm>

namespace cohort::http::detail {

struct connection_pool::waiter {
    asio::steady_timer* timer;
    const std::string* origin;
    bool woken = false;  // and has not run yet: who is to be woken next is another
};

/// A place in the queue, for as long as its coroutine waits.
class connection_pool::queued {
public:
    queued(std::shared_ptr<connection_pool> in, asio::steady_timer& timer,
           const std::string& origin)
        : in_{std::move(in)}, origin_{origin}
    {
        ++in_->places_[origin_].waiting;
        at_ = in_->waiting_.insert(in_->waiting_.end(), {&timer, &origin_, false});
    }
    queued(const queued&) = delete;
    queued& operator=(const queued&) = delete;
    ~queued()
    {
        in_->waiting_.erase(at_);
        --in_->places_[origin_].waiting;
    }

private:
    std::shared_ptr<connection_pool> in_;
    const std::string& origin_;
    std::list<waiter>::iterator at_;
};

connection_lease& connection_lease::operator=(connection_lease&& other) noexcept
{
    close();
    from_ = std::move(other.from_);
    origin_ = std::move(other.origin_);
    connection_ = std::move(other.connection_);
    reused_ = other.reused_;
    return *this;
}

void connection_lease::close() noexcept
{
    connection_.reset();
    if (const auto pool = from_.lock())
        pool->closed(origin_);
    from_.reset();
}

void connection_lease::give_back()
{
    if (const auto pool = from_.lock(); pool && connection_) {
        pool->keep(origin_, std::move(connection_));
        connection_pool::arm(pool);
        from_.reset();
    }
    close();
}

connection_pool::connection_pool(asio::any_io_executor loop, const client_options& options,
                                 std::shared_ptr<client_counters> counters)
    : loop_{std::move(loop)},
      per_origin_{std::max<std::size_t>(options.connections_per_origin, 1)},
      most_{std::max<std::size_t>(options.connections_max, 1)},
      waiting_max_{options.waiting_max},
      idle_{options.idle},
      counters_{std::move(counters)},
      reaper_{loop_}
{}

awaitable<result<connection_lease>> connection_pool::take(std::shared_ptr<connection_pool> from,
                                                          std::string origin, freshness which,
                                                          nanoseconds budget)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const steady_time until = now() + budget;
    while (!stopped(stop)) {
        place& at = from->places_[origin];
        if (which == freshness::fresh)
            from->drop_idle(at);
        if (auto kept = from->take_idle(at)) {
            ++from->counters_->connections_reused;
            co_return connection_lease{from, origin, std::move(kept)};
        }
        if (from->has_room(at)) {
            ++at.open;
            ++from->open_;
            co_return connection_lease{from, origin, nullptr};
        }
        if (at.waiting >= from->waiting_max_) {
            ++from->counters_->refused_waiting;
            co_return failed(errc::queue_full, "wait for a connection to", origin);
        }
        if (now() >= until)
            co_return failed(errc::deadline_passed, "wait for a connection to", origin);
        asio::steady_timer timer{from->loop_, until};
        const queued here{from, timer, origin};
        co_await timer.async_wait(use_tuple);
    }
    // Whoever is next may have been woken for this one.
    from->wake(origin);
    co_return failed(errc::cancelled, "wait for a connection to", origin);
}

std::unique_ptr<connection> connection_pool::take_idle(place& at)
{
    while (!at.idle.empty()) {
        idle_connection last = std::move(at.idle.back());
        at.idle.pop_back();
        if (now() - last.since < idle_ && last.what->quiet())
            return std::move(last.what);
        ++counters_->connections_stale;
        --at.open;
        --open_;
    }
    return nullptr;
}

bool connection_pool::has_room(place& at)
{
    return at.open < per_origin_ && (open_ < most_ || drop_oldest_idle());
}

bool connection_pool::drop_oldest_idle()
{
    place* oldest = nullptr;
    for (auto& [origin, each] : places_) {
        if (!each.idle.empty() &&
            (oldest == nullptr || each.idle.front().since < oldest->idle.front().since))
            oldest = &each;
    }
    if (oldest == nullptr)
        return false;
    oldest->idle.erase(oldest->idle.begin());
    --oldest->open;
    --open_;
    return true;
}

void connection_pool::drop_idle(place& at)
{
    at.open -= at.idle.size();
    open_ -= at.idle.size();
    at.idle.clear();
}

void connection_pool::keep(const std::string& origin, std::unique_ptr<connection> what)
{
    places_[origin].idle.push_back({std::move(what), now()});
    wake(origin);
}

void connection_pool::closed(const std::string& origin) noexcept
{
    const auto at = places_.find(origin);
    if (at == places_.end())
        return;
    --at->second.open;
    --open_;
    wake(origin);
    if (at->second.open == 0 && at->second.waiting == 0)
        places_.erase(at);
}

void connection_pool::wake(const std::string& origin) noexcept
{
    const auto same = std::ranges::find_if(
        waiting_, [&origin](const waiter& each) { return !each.woken && *each.origin == origin; });
    // Others may wait because all of the client's connections are taken.
    const auto next =
        same == waiting_.end() ? std::ranges::find(waiting_, false, &waiter::woken) : same;
    if (next == waiting_.end())
        return;
    next->woken = true;
    next->timer->cancel();
}

void connection_pool::close_idle()
{
    for (auto& [origin, each] : places_)
        drop_idle(each);
    std::erase_if(places_, [](const auto& each) {
        return each.second.open == 0 && each.second.waiting == 0;
    });
    reaper_.cancel();
    const auto next = std::ranges::find(waiting_, false, &waiter::woken);
    if (next != waiting_.end() && open_ < most_) {
        next->woken = true;
        next->timer->cancel();
    }
}

void connection_pool::arm(const std::shared_ptr<connection_pool>& of)
{
    if (of->armed_)
        return;
    of->armed_ = true;
    of->reaper_.expires_after(of->idle_);
    of->reaper_.async_wait([weak = std::weak_ptr{of}](const error_code&) {
        const auto pool = weak.lock();
        if (!pool)
            return;
        pool->armed_ = false;
        pool->reap();
        const bool more = std::ranges::any_of(
            pool->places_, [](const auto& each) { return !each.second.idle.empty(); });
        if (more)
            arm(pool);
    });
}

void connection_pool::reap()
{
    const steady_time today = now();
    for (auto& [origin, each] : places_) {
        const std::size_t gone = std::erase_if(
            each.idle, [&](const idle_connection& one) { return today - one.since >= idle_; });
        each.open -= gone;
        open_ -= gone;
    }
    std::erase_if(places_, [](const auto& each) {
        return each.second.open == 0 && each.second.waiting == 0;
    });
}

std::shared_ptr<connection_pool>
connection_pools::of(const std::weak_ptr<void>& alive, const asio::any_io_executor& loop,
                     const client_options& options,
                     const std::shared_ptr<client_counters>& counters)
{
    for (const entry& each : all_) {
        if (!each.alive.owner_before(alive) && !alive.owner_before(each.alive))
            return each.pool;
    }
    std::erase_if(all_, [](const entry& each) { return each.alive.expired(); });
    all_.push_back({alive, std::make_shared<connection_pool>(loop, options, counters)});
    return all_.back().pool;
}

}  // namespace cohort::http::detail
