#include <cohort/process/child_side.hpp>

#include <cohort/process/detail/newborn.hpp>

#include <grp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/close_range.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

namespace cohort::process {

namespace {

stumble stumbled(step at) noexcept { return {at, errno}; }

stumble close_between(unsigned first, unsigned last) noexcept
{
    if (first > last)
        return {};
    if (::close_range(first, last, 0) == -1)
        return stumbled(step::close_descriptors);
    return {};
}

/// Runs when the parent has died: from now on the clock ends us, whatever the loop does.
/// Async-signal-safe: setitimer is one system call.
itimerval last_grace;
extern "C" void start_last_grace(int) { ::setitimer(ITIMER_REAL, &last_grace, nullptr); }

stumble arm_last_grace(std::chrono::milliseconds grace) noexcept
{
    // Zero would switch the timer off; one microsecond is as good as at once.
    const auto micros = std::chrono::microseconds{grace}.count();
    last_grace = {};
    last_grace.it_value.tv_sec = micros / 1'000'000;
    last_grace.it_value.tv_usec = micros > 0 ? micros % 1'000'000 : 1;

    struct sigaction on_death{};
    on_death.sa_handler = start_last_grace;
    on_death.sa_flags = SA_RESTART;
    sigemptyset(&on_death.sa_mask);
    if (::sigaction(detail::death_signal(), &on_death, nullptr) == -1)
        return stumbled(step::death_signal);
    struct sigaction end{};
    end.sa_handler = SIG_DFL;
    if (::sigaction(SIGALRM, &end, nullptr) == -1)
        return stumbled(step::death_signal);
    return {};
}

}  // namespace

std::string_view words_of(step at) noexcept
{
    switch (at) {
        case step::set_groups:
        case step::set_group:
        case step::set_user:
            return "change user";
        case step::capabilities:
            return "drop its capabilities";
        case step::parent_gone:
            return "find the parent alive";
        case step::no_new_privileges:
            return "give up new privileges";
        case step::landlock:
            return "enter its sandbox (landlock)";
        case step::seccomp:
            return "enter its sandbox (seccomp)";
        default:
            return "take its first steps";
    }
}

int detail::death_signal() noexcept { return SIGRTMAX - 2; }

signal_silence::signal_silence() noexcept
{
    static_assert(sizeof before_ >= sizeof(sigset_t));
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    std::memcpy(before_, &before, sizeof before);
}

signal_silence::~signal_silence()
{
    sigset_t before;
    std::memcpy(&before, before_, sizeof before);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void enter_group(int door) noexcept
{
    // "0" is whoever writes it.
    if (door == -1 || ::write(door, "0", 1) != -1)
        return;
    const auto say = [](std::string_view words) noexcept {
        // Nothing can be done about a standard error that does not take it.
        [[maybe_unused]] const auto lost = ::write(STDERR_FILENO, words.data(), words.size());
    };
    // Without a locale's text: this may not allocate.
    const char* const why = ::strerrordesc_np(errno);
    say("cohort: a newborn process cannot enter its control group (");
    say(why != nullptr ? why : "unknown");
    say("); going on without limit.memory\n");
}

stumble reset_signals() noexcept
{
    struct sigaction plain{};
    plain.sa_handler = SIG_DFL;
    for (int number = 1; number <= SIGRTMAX; ++number) {
        // glibc keeps 32 and 33 to itself and refuses them; KILL and STOP have no handlers.
        if (number != SIGKILL && number != SIGSTOP)
            ::sigaction(number, &plain, nullptr);
    }
    sigset_t none;
    sigemptyset(&none);
    if (::sigprocmask(SIG_SETMASK, &none, nullptr) == -1)
        return stumbled(step::reset_signals);
    return {};
}

stumble close_all_but(std::span<const int> keep) noexcept
{
    unsigned next = 0;
    for (const int fd : keep) {
        const auto kept = static_cast<unsigned>(fd);
        if (kept > next) {
            if (const stumble bad = close_between(next, kept - 1); bad.at != step::none)
                return bad;
        }
        next = kept + 1;
    }
    return close_between(next, UINT_MAX);
}

stumble become(const credentials& who) noexcept
{
    // The system calls themselves: glibc's wrappers talk to threads that do not exist here.
    if (::geteuid() == 0 && ::syscall(SYS_setgroups, 0, nullptr) == -1)
        return stumbled(step::set_groups);
    if (::syscall(SYS_setresgid, who.gid, who.gid, who.gid) == -1)
        return stumbled(step::set_group);
    if (::syscall(SYS_setresuid, who.uid, who.uid, who.uid) == -1)
        return stumbled(step::set_user);
    return {};
}

stumble on_parent_death(const parent_death& orphan, pid_t parent) noexcept
{
    int number = 0;
    switch (orphan.what()) {
        case parent_death::how::ignored:
            return {};
        case parent_death::how::kill:
            number = SIGKILL;
            break;
        case parent_death::how::after:
            if (const stumble bad = arm_last_grace(orphan.grace()); bad.at != step::none)
                return bad;
            number = detail::death_signal();
            break;
    }
    if (::prctl(PR_SET_PDEATHSIG, number) == -1)
        return stumbled(step::death_signal);
    // It may have died before we asked to be told.
    if (::getppid() != parent)
        return {step::parent_gone, ESRCH};
    return {};
}

}  // namespace cohort::process
