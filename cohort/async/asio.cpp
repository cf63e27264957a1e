// Boost.Asio, compiled once for everybody (BOOST_ASIO_SEPARATE_COMPILATION).
#include <cohort/async/loop_meter.hpp>

#include <sys/epoll.h>

namespace {

/// epoll_wait, as Asio's reactor calls it: the one place where an event loop sleeps. It has no hook
/// there, and to look first and sleep then would be one system call more for each request.
int metered_epoll_wait(int set, epoll_event* events, int most, int timeout_ms) noexcept
{
    cohort::loop_meter& meter = cohort::loop_meter::here();
    if (!meter.on())
        return ::epoll_wait(set, events, most, timeout_ms);
    if (timeout_ms == 0) {
        meter.looks();
        return ::epoll_wait(set, events, most, 0);
    }
    meter.sleeps(cohort::now());
    const int found = ::epoll_wait(set, events, most, timeout_ms);
    meter.wakes(cohort::now());
    return found;
}

}  // namespace

#define epoll_wait metered_epoll_wait
#include <boost/asio/impl/src.hpp>
