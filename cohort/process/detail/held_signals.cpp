#include <cohort/process/detail/held_signals.hpp>

#include <cohort/process/root.hpp>

namespace cohort::process::detail {

bool means_the_end(int number) noexcept
{
    return number == SIGTERM || number == SIGINT || number == SIGQUIT;
}

void held_signals::hold(bool again) noexcept
{
    sigfillset(&held_);
    sigdelset(&held_, SIGTSTP);
    ::pthread_sigmask(SIG_BLOCK, &held_, &before_);
    if (again)
        sigemptyset(&before_);
}

void held_signals::restore() const noexcept { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void held_signals::let_others_in() const noexcept
{
    sigset_t out = before_;
    for (const int each : signals_for_primaries)
        sigaddset(&out, each);
    ::pthread_sigmask(SIG_SETMASK, &out, nullptr);
}

int held_signals::wait(siginfo_t& about, const timespec* longest) const noexcept
{
    return ::sigtimedwait(&held_, &about, longest);
}

void held_signals::let_latecomers_be() noexcept
{
    for (const int each : signals_for_primaries) {
        struct sigaction has{};
        if (!means_the_end(each) && ::sigaction(each, nullptr, &has) == 0 &&
            has.sa_handler == SIG_DFL)
            ::signal(each, SIG_IGN);
    }
}

}  // namespace cohort::process::detail
