#include <cohort/net/poller.hpp>

#include <cohort/async/loop_meter.hpp>
#include <cohort/base/assert.hpp>
#include <cohort/base/try.hpp>

#include <boost/asio/post.hpp>

#include <cerrno>
#include <string>

namespace cohort::net {

poller::poller(boost::asio::io_context& loop)
    : loop_{loop}, shown_{loop}
{}

poller::~poller()
{
    // ready() runs inside deliver(), which touches this object afterwards.
    COHORT_ASSERT(!delivering_);
    stop();
}

result<> poller::start()
{
    COHORT_ASSERT(!set_.valid());
    unique_fd set{::epoll_create1(EPOLL_CLOEXEC)};
    if (!set.valid())
        return failed("epoll_create1");
    set_ = std::move(set);
    if (auto attached = attach(); !attached) {
        set_.reset();
        return attached;
    }
    session_ = std::make_shared<session>();
    wait();
    return {};
}

result<> poller::attach()
{
    boost::system::error_code ec;
    shown_.assign(set_.borrow(), ec);
    if (ec)
        return std::unexpected(fault(ec, "register epoll set with the event loop"));
    return {};
}

result<> poller::watch(int fd, std::uint32_t events, watcher& who)
{
    epoll_event event{};
    event.events = events;
    event.data.ptr = &who;
    if (::epoll_ctl(set_.borrow(), EPOLL_CTL_ADD, fd, &event) == -1)
        return failed("watch descriptor", std::to_string(fd));
    return {};
}

result<> poller::change(int fd, std::uint32_t events, watcher& who)
{
    epoll_event event{};
    event.events = events;
    event.data.ptr = &who;
    if (::epoll_ctl(set_.borrow(), EPOLL_CTL_MOD, fd, &event) == -1)
        return failed("change watched descriptor", std::to_string(fd));
    return {};
}

void poller::forget(int fd, watcher& who) noexcept
{
    if (set_.valid() && ::epoll_ctl(set_.borrow(), EPOLL_CTL_DEL, fd, nullptr) == -1) {
        // Who never watched, or watched before a stop(), may still say goodbye. EBADF is a
        // descriptor closed too early: our own bug, and a dangerous one.
        COHORT_ASSERT(errno == ENOENT);
    }
    for (int i = batch_next_; i < batch_size_; ++i) {
        epoll_event& event = batch_[static_cast<std::size_t>(i)];
        if (event.data.ptr == &who)
            event.data.ptr = nullptr;
    }
}

void poller::stop() noexcept
{
    if (!set_.valid())
        return;
    session_->open = false;
    session_.reset();
    batch_size_ = 0;
    // Completes a pending wait with operation_aborted; set_ is who closes.
    if (shown_.is_open())
        static_cast<void>(shown_.release());
    busy_ = false;
    set_.reset();
}

steady_time poller::time() noexcept
{
    if (!delivering_)
        return now();
    if (!time_) {
        const auto woke = loop_meter::here().take_awakening();
        time_ = woke ? *woke : now();
    }
    return *time_;
}

void poller::wait()
{
    shown_.async_wait(descriptor::wait_read,
                      [this, in = session_](const boost::system::error_code& ec) {
                          if (!ec && in->open)
                              deliver();
                      });
}

void poller::come_back()
{
    boost::asio::post(loop_, [this, in = session_] {
        if (in->open)
            deliver();
    });
}

bool poller::gather()
{
    batch_next_ = 0;
    batch_size_ = ::epoll_wait(set_.borrow(), batch_.data(), static_cast<int>(batch_max), 0);
    return batch_size_ > 0;
}

void poller::deliver()
{
    const int found = gather() ? batch_size_ : 0;
    if (found > 0) {
        ++batches_;
        delivering_ = true;
        time_.reset();
        if (brackets_.before != nullptr)
            brackets_.before();
        while (batch_next_ < batch_size_) {
            const epoll_event event = batch_[static_cast<std::size_t>(batch_next_++)];
            if (event.data.ptr == nullptr)
                continue;
            ++events_;
            static_cast<watcher*>(event.data.ptr)->ready(event.events);
        }
        if (brackets_.after != nullptr)
            brackets_.after();
        delivering_ = false;
    }
    batch_size_ = 0;
    batch_next_ = 0;
    if (!set_.valid())
        return;

    if (busy_ ? found >= busy_until : found >= busy_from) {
        if (!busy_) {
            static_cast<void>(shown_.release());
            busy_ = true;
        }
        come_back();
        return;
    }
    if (busy_) {
        // Registering allocates at most once; if the kernel has no room for it, we stay busy
        // rather than deaf.
        if (!attach()) {
            come_back();
            return;
        }
        busy_ = false;
    }
    // Asio watches the set edge-triggered, but a new wait reads the state again: what is left over
    // or still true wakes us at the next turn.
    wait();
}

}  // namespace cohort::net
