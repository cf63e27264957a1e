#include <cohort/worker/hotline.hpp>

#include <cohort/base/error.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/observe/log.hpp>

#include <sys/epoll.h>
#include <unistd.h>

#include <utility>

namespace cohort::work {

using namespace std::chrono_literals;

hotline::hotline(boost::asio::any_io_executor executor, net::poller& poller, host& to)
    : poller_{poller}, host_{to}, pause_{executor}, shortage_{5ms, 1s}
{}

hotline::~hotline() { close(); }

void hotline::open(unique_fd take_end) noexcept
{
    line_ = std::move(take_end);
    watch();
}

void hotline::close() noexcept
{
    unwatch();
    pause_.cancel();
    line_.reset();
}

bool hotline::look() noexcept
{
    unique_fd newest;
    while (line_.valid()) {
        auto next = net::take(line_.borrow());
        if (!next && next.error().why() == errc::malformed)
            continue;
        if (!next && next.error().why() == errc::channel_closed) {
            close();
            host_.hotline_ended();
            break;
        }
        if (!next) {
            log::warn("cannot take a new channel to the primary: {}; trying again",
                      next.error().text());
            rest();
            break;
        }
        if (!*next)
            break;
        shortage_.reset();
        // The line is the slot's: this may have been meant for one who sat here before.
        if ((*next)->about.sequence == static_cast<std::uint64_t>(::getpid()))
            newest = std::move((*next)->connection);
    }
    if (!newest.valid())
        return false;
    host_.called(std::move(newest));
    return true;
}

void hotline::ready(std::uint32_t) noexcept { look(); }

void hotline::watch() noexcept
{
    if (watching_ || !line_.valid())
        return;
    if (poller_.watch(line_.borrow(), EPOLLIN, *this))
        watching_ = true;
    else
        rest();
}

void hotline::unwatch() noexcept
{
    if (std::exchange(watching_, false))
        poller_.forget(line_.borrow(), *this);
}

void hotline::rest() noexcept
{
    // What lies there stays there, and would wake us again and again.
    unwatch();
    pause_.expires_after(shortage_.next());
    pause_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec)
            watch();
    });
}

}  // namespace cohort::work
