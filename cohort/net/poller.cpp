#include <cohort/net/poller.hpp>

#include <cohort/base/assert.hpp>

#include <cerrno>
#include <string>

namespace cohort::net {

poller::poller(boost::asio::io_context& loop) : set_{loop.get_executor()} {}

poller::~poller()
{
    // ready() runs inside deliver(), which touches this object afterwards.
    COHORT_ASSERT(!delivering_);
    stop();
}

result<> poller::start()
{
    COHORT_ASSERT(set_fd_ == -1);
    unique_fd set{::epoll_create1(EPOLL_CLOEXEC)};
    if (!set.valid())
        return failed("epoll_create1");

    boost::system::error_code ec;
    set_.assign(set.borrow(), ec);
    if (ec)
        return std::unexpected(fault(ec, "register epoll set with the event loop"));
    set_fd_ = set.release();
    wait();
    return {};
}

result<> poller::watch(int fd, std::uint32_t events, watcher& who)
{
    epoll_event event{};
    event.events = events;
    event.data.ptr = &who;
    if (::epoll_ctl(set_fd_, EPOLL_CTL_ADD, fd, &event) == -1)
        return failed("watch descriptor", std::to_string(fd));
    return {};
}

result<> poller::change(int fd, std::uint32_t events, watcher& who)
{
    epoll_event event{};
    event.events = events;
    event.data.ptr = &who;
    if (::epoll_ctl(set_fd_, EPOLL_CTL_MOD, fd, &event) == -1)
        return failed("change watched descriptor", std::to_string(fd));
    return {};
}

void poller::forget(int fd, watcher& who) noexcept
{
    if (set_fd_ != -1 && ::epoll_ctl(set_fd_, EPOLL_CTL_DEL, fd, nullptr) == -1) {
        // Someone who never watched, or who watched before a stop(), may still say goodbye. EBADF
        // is a descriptor closed too early: our own bug, and a dangerous one.
        COHORT_ASSERT(errno == ENOENT);
    }
    forget_closing(who);
}

void poller::forget_closing(watcher& who) noexcept
{
    for (int i = batch_next_; i < batch_size_; ++i) {
        epoll_event& event = batch_[static_cast<std::size_t>(i)];
        if (event.data.ptr == &who)
            event.data.ptr = nullptr;
    }
}

void poller::stop() noexcept
{
    if (set_fd_ == -1)
        return;
    set_fd_ = -1;
    batch_size_ = 0;
    boost::system::error_code ignored;
    // Closing completes the pending wait with operation_aborted.
    set_.close(ignored);
}

void poller::wait()
{
    set_.async_wait(descriptor::wait_read, [this](const boost::system::error_code& ec) {
        // Aborted: stop() was called, and this object may be gone.
        if (!ec)
            deliver();
    });
}

void poller::deliver()
{
    // A completed wait whose handler was queued before stop(): there is no set any more.
    if (set_fd_ == -1)
        return;

    batch_size_ = ::epoll_wait(set_fd_, batch_.data(), static_cast<int>(batch_max), 0);
    if (batch_size_ > 0) {
        ++batches_;
        delivering_ = true;
        for (batch_next_ = 0; batch_next_ < batch_size_;) {
            const epoll_event event = batch_[static_cast<std::size_t>(batch_next_++)];
            if (event.data.ptr == nullptr)
                continue;
            ++events_;
            static_cast<watcher*>(event.data.ptr)->ready(event.events);
        }
        delivering_ = false;
    }
    batch_size_ = 0;
    batch_next_ = 0;
    // Asio watches the set edge-triggered, but a new wait re-reads the state: what is left over, or
    // still true, wakes us at the next turn.
    if (set_fd_ != -1)
        wait();
}

}  // namespace cohort::net
