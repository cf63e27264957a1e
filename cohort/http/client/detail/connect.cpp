#include <cohort/http/client/detail/connect.hpp>

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace cohort::http::detail {

namespace {

using asio::ip::tcp;

/// All attempts to reach one server; kept by each of them, and by the coroutine that waits.
struct race {
    race(asio::any_io_executor on, endpoints all, connect_rules by)
        : loop{std::move(on)},
          to{std::move(all)},
          rules{by},
          head_start{loop},
          over{loop, asio::steady_timer::time_point::max()}
    {}

    asio::any_io_executor loop;
    endpoints to;
    connect_rules rules;
    asio::steady_timer head_start;  // of the attempt that was begun last
    asio::steady_timer over;        // for who waits
    std::size_t next = 0;
    std::vector<std::shared_ptr<tcp::socket>> runners;
    std::optional<tcp::socket> winner;
    error_code why;
    bool done = false;
};

void finish(race& all)
{
    all.done = true;
    all.head_start.cancel();
    for (const auto& each : all.runners) {
        error_code ignored;
        each->close(ignored);
    }
    all.over.cancel();
}

void begin_next(const std::shared_ptr<race>& all);

void ended(const std::shared_ptr<race>& all, const std::shared_ptr<tcp::socket>& runner,
           const error_code& how)
{
    if (all->done)
        return;
    std::erase(all->runners, runner);
    if (!how) {
        all->winner.emplace(std::move(*runner));
        finish(*all);
        return;
    }
    all->why = how;
    if (all->runners.empty() && all->next == all->to.size())
        finish(*all);
    else
        begin_next(all);
}

void begin_next(const std::shared_ptr<race>& all)
{
    if (all->next == all->to.size() || all->runners.size() >= all->rules.at_once_max)
        return;
    const auto runner = std::make_shared<tcp::socket>(all->loop);
    all->runners.push_back(runner);
    runner->async_connect(all->to[all->next++],
                          [all, runner](const error_code& how) { ended(all, runner, how); });
    all->head_start.expires_after(all->rules.head_start);
    all->head_start.async_wait([all](const error_code& cut) {
        if (!cut && !all->done)
            begin_next(all);
    });
}

}  // namespace

endpoints in_turns(endpoints found)
{
    if (found.empty())
        return found;
    const bool first_is_v6 = found.front().address().is_v6();
    endpoints others;
    std::erase_if(found, [&](const tcp::endpoint& each) {
        const bool other = each.address().is_v6() != first_is_v6;
        if (other)
            others.push_back(each);
        return other;
    });
    endpoints all;
    for (std::size_t i = 0; i < std::max(found.size(), others.size()); ++i) {
        if (i < found.size())
            all.push_back(found[i]);
        if (i < others.size())
            all.push_back(others[i]);
    }
    return all;
}

awaitable<result<>> connect_to_first(tcp::socket& into, endpoints to, connect_rules rules)
{
    const auto all = std::make_shared<race>(into.get_executor(), in_turns(std::move(to)), rules);
    begin_next(all);
    // Deadline: the caller's.
    co_await all->over.async_wait(use_tuple);
    if (!all->done) {
        finish(*all);
        co_return failed(errc::cancelled, "connect");
    }
    if (!all->winner)
        co_return std::unexpected(fault(all->why, "connect"));
    into = std::move(*all->winner);
    co_return result<>{};
}

}  // namespace cohort::http::detail
