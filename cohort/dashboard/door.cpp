#include <cohort/dashboard/door.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/backoff.hpp>
#include <cohort/net/accept.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_budget.hpp>
#include <cohort/process/confinement.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <utility>

namespace cohort::dashboard {

using namespace std::chrono_literals;

door::door(asio::any_io_executor executor, unique_fd socket, receive give, doorkeeper lets_in)
    : socket_{executor, socket.borrow()}, give_{std::move(give)}, lets_in_{std::move(lets_in)}
{
    static_cast<void>(socket.release());
}

void door::give(unique_fd connection)
{
    if (!lets_in_ || lets_in_(connection.borrow()))
        give_(std::move(connection));
}

awaitable<> door::run()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    backoff pause{10ms, 1s};
    while (!stopped(stop)) {
        net::accept_outcome got = net::accept_one(socket_.native_handle());
        switch (got.verdict) {
            case net::accept_verdict::accepted:
                pause.reset();
                give(std::move(got.connection));
                break;
            case net::accept_verdict::client_left:
                break;
            case net::accept_verdict::empty:
                // Deadline: none, perhaps nobody comes.
                co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read, use_tuple);
                break;
            case net::accept_verdict::exhausted:
                co_await sleep_for(pause.next());
                break;
            case net::accept_verdict::broken:
                log::error("a door of the dashboard is broken: {}; nobody comes in there",
                           got.why.message());
                co_return;
        }
    }
}

bool is_welcome(int connection, pid_t first, std::uint32_t free_filters)
{
    ucred who{};
    socklen_t length = sizeof who;
    if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &length) == -1)
        return false;
    if (who.uid == 0 && ::geteuid() != 0)
        return true;
    const bool ours = who.uid == ::geteuid();
    const auto seen =
        ours ? process::is_caged_below(who.pid, first, free_filters) : process::caged::yes;
    static log::budget lines{1, 1min};
    if (seen == process::caged::yes) {
        if (const auto suppressed = lines.take())
            log::warn({{"suppressed", *suppressed}},
                      "process {} of user {} may not ask this cohort, and connected to its "
                      "dashboard; refused",
                      who.pid, who.uid);
    }
    // Who connected and has gone by now could be anybody, and mostly only looked.
    return seen == process::caged::no;
}

}  // namespace cohort::dashboard
