#include <cohort/worker/intake.hpp>

#include <cohort/base/error.hpp>
#include <cohort/observe/log.hpp>

#include <sys/epoll.h>

#include <utility>

namespace cohort::work {

using namespace std::chrono_literals;

intake::intake(boost::asio::any_io_executor executor, net::poller& poller, host& to)
    : poller_{poller}, host_{to}, pause_{executor}, shortage_{5ms, 1s}
{}

intake::~intake() { unwatch(); }

bool intake::take_one() noexcept
{
    auto next = net::take(inbox_.borrow());
    if (!next && next.error().why() == errc::malformed)
        return true;  // it was dropped; go on
    if (!next) {
        log::warn("cannot take a connection that was passed on: {}; it waits", next.error().text());
        rest(shortage_.next());
        return false;
    }
    if (!*next)
        return false;
    shortage_.reset();
    host_.came(std::move(**next));
    return true;
}

void intake::ready(std::uint32_t) noexcept
{
    for (unsigned i = 0; i < batch_max; ++i) {
        if (closed_ || !host_.wants_more()) {
            unwatch();
            break;
        }
        if (!take_one())
            break;
    }
    host_.batch_ended();
}

void intake::empty_and_close() noexcept
{
    if (std::exchange(closed_, true) || !inbox_.valid())
        return;
    while (take_one()) {
    }
    host_.batch_ended();
    unwatch();
    pause_.cancel();
}

void intake::shut() noexcept
{
    closed_ = true;
    unwatch();
    pause_.cancel();
}

void intake::watch() noexcept
{
    if (watching_ || resting_ || closed_ || !inbox_.valid())
        return;
    if (poller_.watch(inbox_.borrow(), EPOLLIN, *this))
        watching_ = true;
    else
        rest(shortage_.next());
}

void intake::unwatch() noexcept
{
    if (std::exchange(watching_, false))
        poller_.forget(inbox_.borrow(), *this);
}

void intake::rest(nanoseconds how_long) noexcept
{
    unwatch();
    if (closed_)
        return;
    resting_ = true;
    pause_.expires_after(how_long);
    pause_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec)
            look_for_descriptor();
    });
}

void intake::look_for_descriptor() noexcept
{
    // Asking is the only way to know, and taking wants two. Until then nobody should count on us.
    const auto one = duplicate(inbox_);
    const auto another = duplicate(inbox_);
    if (!one || !another) {
        rest(shortage_.next());
        return;
    }
    resting_ = false;
    watch();
    host_.batch_ended();
}

}  // namespace cohort::work
