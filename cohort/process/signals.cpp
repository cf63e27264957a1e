#include <cohort/process/signals.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/root.hpp>

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace cohort::process {

signals::signals(asio::posix::stream_descriptor fd, sigset_t blocked) noexcept
    : fd_{std::move(fd)}, blocked_{blocked}
{}

signals::signals(signals&& other) noexcept
    : fd_{std::move(other.fd_)},
      blocked_{other.blocked_},
      seen_{std::move(other.seen_)},
      owns_{std::exchange(other.owns_, false)}
{}

signals::~signals()
{
    if (owns_)
        ::pthread_sigmask(SIG_UNBLOCK, &blocked_, nullptr);
}

result<signals> signals::catch_these(asio::any_io_executor executor,
                                     const std::vector<int>& numbers)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int number : numbers) {
        if (number == SIGKILL || number == SIGSTOP || sigaddset(&wanted, number) == -1)
            return failed(errc::bad_value, "catch signal", std::to_string(number));
    }
    unique_fd fd{::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!fd.valid())
        return failed("catch signals");

    sigset_t before;
    ::pthread_sigmask(SIG_BLOCK, &wanted, &before);
    // Let in again at the end only what we kept out: others may have blocked some before us.
    sigset_t blocked = wanted;
    for (const int number : numbers) {
        if (sigismember(&before, number) == 1)
            sigdelset(&blocked, number);
    }

    asio::posix::stream_descriptor door{executor};
    error_code broken;
    door.assign(fd.borrow(), broken);
    if (broken) {
        ::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
        return std::unexpected(fault(broken, "catch signals"));
    }
    static_cast<void>(fd.release());
    return signals{std::move(door), blocked};
}

awaitable<result<caught_signal>> signals::next()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        signalfd_siginfo info{};
        const ssize_t got = ::read(fd_.native_handle(), &info, sizeof info);
        if (got == static_cast<ssize_t>(sizeof info)) {
            caught_signal caught;
            caught.number = static_cast<int>(info.ssi_signo);
            caught.nth = ++seen_[caught.number];
            // The kernel, and a sender in another pid namespace, have no pid here.
            caught.from = static_cast<pid_t>(info.ssi_pid);
            caught.by_terminal = info.ssi_code == SI_KERNEL;
            const pid_t root = root_pid();
            if (info.ssi_code == SI_QUEUE && root != 0 && caught.from == root) {
                caught.forwarded = true;
                caught.from = info.ssi_int;
            }
            co_return caught;
        }
        if (got == -1 && errno != EAGAIN && errno != EINTR)
            co_return failed("read signals");
        auto [ec] = co_await fd_.async_wait(asio::posix::descriptor_base::wait_read, use_tuple);
        if (ec)
            break;
    }
    co_return failed(errc::cancelled, "wait for a signal");
}

}  // namespace cohort::process
