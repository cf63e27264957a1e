#include <cohort/process/child.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/process/detail/pidfd.hpp>
#include <cohort/process/root.hpp>
#include <cohort/process/ward.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

namespace cohort::process {

namespace {

/// A root that is alive reaps at once; one that is stopped does not.
constexpr std::chrono::seconds root_tells_within{1};
constexpr std::chrono::milliseconds look_again{1};

bool is_dead(const unique_fd& pidfd, bool may_wait) noexcept
{
    pollfd ask{.fd = pidfd.borrow(), .events = POLLIN, .revents = 0};
    while (::poll(&ask, 1, may_wait ? -1 : 0) == -1 && errno == EINTR) {
    }
    return ask.revents != 0;
}

/// A descriptor to wait on that stays somebody else's. Not a duplicate: a process that is short of
/// descriptors must still hear how its children ended.
struct borrowed_door {
    explicit borrowed_door(const asio::any_io_executor& executor)
        : of{executor}
    {}
    borrowed_door(const borrowed_door&) = delete;
    borrowed_door& operator=(const borrowed_door&) = delete;
    ~borrowed_door()
    {
        if (of.is_open())
            static_cast<void>(of.release());
    }

    asio::posix::stream_descriptor of;
};

}  // namespace

child::child(pid_t pid, unique_fd pidfd) noexcept
    : pid_{pid}, owner_{::getpid()}, pidfd_{std::move(pidfd)}
{}

child::child(child&& other) noexcept
    : pipes{std::move(other.pipes)},
      pid_{std::exchange(other.pid_, 0)},
      owner_{std::exchange(other.owner_, 0)},
      by_{other.by_},
      leads_group_{other.leads_group_},
      ends_before_{other.ends_before_},
      dead_since_{other.dead_since_},
      pidfd_{std::move(other.pidfd_)},
      ended_{other.ended_},
      tally_{std::move(other.tally_)}
{}

child& child::operator=(child&& other) noexcept
{
    if (this == &other)
        return *this;
    end();
    pipes = std::move(other.pipes);
    pid_ = std::exchange(other.pid_, 0);
    owner_ = std::exchange(other.owner_, 0);
    by_ = other.by_;
    leads_group_ = other.leads_group_;
    ends_before_ = other.ends_before_;
    dead_since_ = other.dead_since_;
    pidfd_ = std::move(other.pidfd_);
    ended_ = other.ended_;
    tally_ = std::move(other.tally_);
    return *this;
}

child::~child() { end(); }

result<child> child::adopt(pid_t pid, memory_group_ptr in)
{
    // The number cannot belong to anyone else yet: we have not reaped it.
    unique_fd pidfd = detail::open_pidfd(pid);
    if (!pidfd.valid()) {
        auto why = failed("open pidfd of", std::to_string(pid));
        ::kill(pid, SIGKILL);
        siginfo_t ignored{};
        ::waitid(P_PID, static_cast<id_t>(pid), &ignored, WEXITED);
        return why;
    }
    child born{pid, std::move(pidfd)};
    born.tally_ = memory_tally{std::move(in)};
    return born;
}

child child::inherit(pid_t pid, unique_fd pidfd) noexcept
{
    child heir{pid, std::move(pidfd)};
    heir.by_ = reaper::nobody_we_hear;
    return heir;
}

child child::of_root(pid_t pid, unique_fd pidfd, std::uint64_t ends_before, memory_group_ptr in)
{
    child born{pid, std::move(pidfd)};
    born.by_ = reaper::root;
    born.leads_group_ = true;
    born.ends_before_ = ends_before;
    born.tally_ = memory_tally{std::move(in)};
    return born;
}

result<> child::signal(int number) const
{
    if (!pidfd_.valid() || ended_)
        return {};
    if (detail::send_signal(pidfd_, number) == -1 && errno != ESRCH)
        return failed("signal process", std::to_string(pid_));
    return {};
}

bool child::signal_group(int number) const noexcept
{
    if (!leads_group_ || pid_ <= 0)
        return false;
    // Once it is reaped its number may be given away, but not while anybody is in its group: who
    // has the number now is a stranger, and so is his group.
    if (ended_ && detail::open_pidfd(pid_).valid())
        return false;
    return ::kill(-pid_, number) == 0 || errno == EPERM;
}

std::optional<exit_reason> child::reap(int options)
{
    if (ended_ || !pidfd_.valid())
        return ended_;
    if (by_ != reaper::us) {
        const bool may_wait = (options & WNOHANG) == 0;
        while (!ask_elsewhere(may_wait) && may_wait)
            ::poll(nullptr, 0, 1);  // the root is about to reap it
        return ended_;
    }
    // The loop made the pidfd non-blocking, and then waitid(2) does not wait for it: EAGAIN.
    if ((options & WNOHANG) == 0)
        static_cast<void>(is_dead(pidfd_, true));
    siginfo_t info{};
    int outcome = 0;
    do {
        outcome = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.borrow()), &info, WEXITED | options);
    } while (outcome == -1 && errno == EINTR);

    if (outcome == -1 && errno == EAGAIN)
        return std::nullopt;
    if (outcome == -1) {
        // ECHILD: somebody else in this program waits for children that are not his.
        ended_ = exit_reason::unknown();
    } else if (info.si_pid == 0) {
        return std::nullopt;
    } else {
        ended_ = reason_of({.code = info.si_code, .status = info.si_status}, tally_);
    }
    return ended_;
}

bool child::ask_elsewhere(bool may_wait)
{
    if (!is_dead(pidfd_, may_wait))
        return false;
    if (by_ == reaper::root) {
        if (const auto how = told_end(pid_, ends_before_)) {
            ended_ = reason_of(*how, tally_);
            return true;
        }
        if (!dead_since_)
            dead_since_ = now();
        if (now() - *dead_since_ < root_tells_within)
            return false;
    }
    ended_ = exit_reason::unknown();
    return true;
}

awaitable<result<exit_reason>> child::exited()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    if (auto known = try_reap())
        co_return *known;

    const auto executor = co_await asio::this_coro::executor;
    borrowed_door door{executor};
    error_code broken;
    door.of.assign(pidfd_.borrow(), broken);
    if (broken)
        co_return std::unexpected(fault(broken, "watch process", std::to_string(pid_)));

    while (!stopped(stop)) {
        auto [ec] = co_await door.of.async_wait(asio::posix::descriptor_base::wait_read, use_tuple);
        if (auto known = try_reap())
            co_return *known;
        if (ec)
            break;
        co_await sleep_for(look_again);  // it is dead, and the root has not told how
    }
    co_return failed(errc::cancelled, "wait for process", std::to_string(pid_));
}

std::optional<exit_reason> child::try_reap() { return reap(WNOHANG); }

exit_reason child::wait() { return reap(0).value_or(exit_reason::unknown()); }

void child::let_go() noexcept
{
    pidfd_.reset();
    pid_ = 0;
    owner_ = 0;
}

void child::end() noexcept
{
    if (!pidfd_.valid())
        return;
    if (owner_ != ::getpid()) {
        // A forked copy: the newborn closed every descriptor that it was not told to keep, and
        // the numbers may mean something else by now.
        static_cast<void>(pidfd_.release());
        static_cast<void>(pipes.in.release());
        static_cast<void>(pipes.out.release());
        static_cast<void>(pipes.err.release());
        return;
    }
    if (!ended_) {
        static_cast<void>(signal(SIGKILL));
        static_cast<void>(reap(0));
    }
    pidfd_.reset();
}

}  // namespace cohort::process
