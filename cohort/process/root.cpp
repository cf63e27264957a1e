#include <cohort/process/root.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/try.hpp>
#include <cohort/process/child_side.hpp>
#include <cohort/process/detail/death_notes.hpp>
#include <cohort/process/detail/held_signals.hpp>
#include <cohort/process/identity.hpp>
#include <cohort/process/succession_rule.hpp>
#include <cohort/process/twin.hpp>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <new>
#include <optional>
#include <utility>

namespace cohort::process {

namespace {

/// What root and primary share. Lives as long as both.
struct throne {
    std::atomic<pid_t> root{0};
    std::atomic<pid_t> primary{0};
    std::atomic<int> announced{0};  // the primary whose code it is, by its pid
    std::atomic<int> code{0};
    std::atomic<int> asked_to_end{0};  // the signal
    std::atomic<pid_t> renewal{0};     // the primary that left for it
    std::atomic<pid_t> dead{0};        // the last primary, once it has ended, and how:
    std::atomic<int> dead_code{0};
    std::atomic<int> dead_status{0};
    detail::death_notes deaths;
};
throne* shared = nullptr;

/// The root at work. Allocates nothing once it is made.
class root_loop {
public:
    root_loop(root_plan plan, const twin_maker& maker) noexcept
        : plan_{std::move(plan)}, maker_{maker}, self_{::getpid()}, reign_{plan_.begins}
    {}

    /// Errors: those of the first birth.
    result<int> run();

private:
    struct ending {
        int code;    // si_code
        int status;  // exit code or signal
    };

    void pass(int number, pid_t from) const noexcept;
    void pass_what_waits() noexcept;
    [[nodiscard]] result<> crown() noexcept;
    [[noreturn]] void reign_as_primary() noexcept;
    [[nodiscard]] ending await_the_end() noexcept;
    void write_down(const ending& how) const noexcept;
    [[nodiscard]] std::optional<ending> reap() const noexcept;
    void wait_for_signal(const timespec* longest) noexcept;
    void forward(const siginfo_t& signal) noexcept;
    [[nodiscard]] bool was_wanted(const ending& how) const noexcept;
    [[nodiscard]] static bool was_for_renewal(const ending& how) noexcept;
    void renew() noexcept;
    void pause(std::chrono::nanoseconds length) noexcept;
    void crown_in_the_end() noexcept;
    [[nodiscard]] int leave_like(const ending& how) const noexcept;
    void die_of(int number) const noexcept;

    root_plan plan_;
    const twin_maker& maker_;
    succession_rule rule_;
    pid_t self_;
    pid_t primary_ = 0;  // 0: there is none
    reign reign_;
    std::uint64_t since_ns_ = 0;
    std::uint64_t seen_ = 0;     // signals that this primary was to get, a bit each
    std::uint64_t waiting_ = 0;  // those that came when there was none
    detail::held_signals signals_;
};

result<int> root_loop::run()
{
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    signals_.hold(plan_.begins == reign::successor);
    if (const auto crowned = crown(); !crowned) {
        signals_.restore();
        return std::unexpected(crowned.error());
    }
    if (!plan_.title.empty())
        set_title(plan_.title);
    for (;;) {
        const ending how = await_the_end();
        if (was_for_renewal(how)) {
            renew();
            continue;
        }
        if (was_wanted(how))
            return leave_like(how);
        reign_end end;
        end.killed = how.code != CLD_EXITED && how.status == SIGKILL;
        end.moment = std::chrono::nanoseconds{now_ns()};
        end.lived = std::chrono::nanoseconds{now_ns() - since_ns_};
        const auto next = rule_.after(end);
        if (!next.again)
            return leave_like(how);
        pause(next.pause);
        reign_ = reign::successor;
        crown_in_the_end();
    }
}

result<> root_loop::crown() noexcept
{
    std::fflush(nullptr);
    since_ns_ = now_ns();
    seen_ = 0;
    COHORT_TRY(
        primary_,
        maker_.make_unwatched(
            [](void* root) noexcept { static_cast<root_loop*>(root)->reign_as_primary(); }, this));
    pass_what_waits();
    return {};
}

void root_loop::crown_in_the_end() noexcept
{
    constexpr std::chrono::milliseconds first{20};
    constexpr std::chrono::milliseconds longest{2'000};
    constexpr int last_tries = 10;
    // EAGAIN, ENOMEM: the machine is short of something. Everybody else serves on meanwhile.
    auto length = first;
    for (int tries = 0; !crown(); ++tries) {
        const int asked = asked_to_end();
        if (asked != 0 && tries >= last_tries)
            die_of(asked);
        pause(length);
        length = asked != 0 ? first : std::min(length * 2, longest);
    }
}

void root_loop::reign_as_primary() noexcept
{
    shared->primary.store(::getpid(), std::memory_order_release);
    // Without the root nobody would keep the table if we died.
    if (on_parent_death(parent_death::kill(), self_).at != step::none)
        ::_exit(0);
    signals_.let_others_in();
    if (!plan_.primary_title.empty())
        set_title(plan_.primary_title);
    const int code = plan_.life(reign_);
    std::fflush(nullptr);
    announce_exit(code);
    ::_exit(code);
}

root_loop::ending root_loop::await_the_end() noexcept
{
    for (;;) {
        if (const auto end = reap()) {
            write_down(*end);
            primary_ = 0;
            return *end;
        }
        wait_for_signal(nullptr);
    }
}

/// For the next primary, which is not born yet: nobody reads it meanwhile.
void root_loop::write_down(const ending& how) const noexcept
{
    shared->dead_code.store(how.code, std::memory_order_relaxed);
    shared->dead_status.store(how.status, std::memory_order_relaxed);
    shared->dead.store(primary_, std::memory_order_release);
}

/// Everybody who is dead: ours, and those whose parents died before them. Says how the primary
/// ended, if it is among them.
std::optional<root_loop::ending> root_loop::reap() const noexcept
{
    std::optional<ending> end;
    for (;;) {
        siginfo_t info{};
        if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == -1) {
            if (errno == EINTR)
                continue;
            return end;
        }
        if (info.si_pid == 0)
            return end;
        if (info.si_pid == primary_)
            end = ending{info.si_code, info.si_status};
        else
            shared->deaths.write(info.si_pid, {.code = info.si_code, .status = info.si_status});
    }
}

void root_loop::wait_for_signal(const timespec* longest) noexcept
{
    siginfo_t signal{};
    const int number = signals_.wait(signal, longest);
    const auto& all = signals_for_primaries;
    if (number > 0 && std::ranges::find(all, number) != all.end())
        forward(signal);
}

void root_loop::forward(const siginfo_t& signal) noexcept
{
    const int number = signal.si_signo;
    seen_ |= std::uint64_t{1} << number;
    // Between two primaries the next one reads it: it ends in peace what is left.
    if (detail::means_the_end(number))
        shared->asked_to_end.store(number, std::memory_order_release);
    // A terminal has told the whole group, and so the primary.
    if (signal.si_code == SI_KERNEL)
        return;
    if (primary_ != 0)
        pass(number, signal.si_code <= 0 ? signal.si_pid : 0);
    else if (!detail::means_the_end(number))
        waiting_ |= std::uint64_t{1} << number;
}

void root_loop::pass(int number, pid_t from) const noexcept
{
    siginfo_t passed{};
    passed.si_signo = number;
    passed.si_code = SI_QUEUE;
    passed.si_pid = self_;
    passed.si_uid = ::getuid();
    passed.si_value.sival_int = from;
    // Not reaped yet, so the number is its own.
    ::syscall(SYS_rt_sigqueueinfo, primary_, number, &passed);
}

void root_loop::pass_what_waits() noexcept
{
    const std::uint64_t all = std::exchange(waiting_, 0);
    for (const int each : signals_for_primaries) {
        if ((all >> each & 1U) != 0)
            pass(each, 0);
    }
}

bool root_loop::was_wanted(const ending& how) const noexcept
{
    if (how.code == CLD_EXITED) {
        return shared->announced.load(std::memory_order_acquire) ==
                   shared->primary.load(std::memory_order_acquire) &&
               shared->code.load(std::memory_order_relaxed) == how.status;
    }
    // Somebody asked it through us (or the terminal did, all) to end, and it let that end it.
    return detail::means_the_end(how.status) && (seen_ >> how.status & 1U) != 0;
}

bool root_loop::was_for_renewal(const ending& how) noexcept
{
    return how.code == CLD_EXITED && shared->renewal.load(std::memory_order_acquire) ==
                                         shared->primary.load(std::memory_order_acquire);
}

void root_loop::renew() noexcept
{
    // Who was asked to end meanwhile has no use for another program: the next primary ends it all.
    if (plan_.renew && asked_to_end() == 0) {
        // Blocked as they are, they wait for the root to come.
        for (const int each : signals_for_primaries) {
            if ((waiting_ >> each & 1U) != 0)
                ::raise(each);
        }
        waiting_ = 0;
        plan_.renew();
    }
    reign_ = reign::successor;
    crown_in_the_end();
}

void root_loop::pause(std::chrono::nanoseconds length) noexcept
{
    const int asked_before = asked_to_end();
    const auto hurried = [asked_before] { return asked_before == 0 && asked_to_end() != 0; };
    const auto end = now() + length;
    // Who is asked to end needs a successor for that, and soon.
    for (auto left = length; left.count() > 0 && !hurried(); left = end - now()) {
        const timespec slice{static_cast<time_t>(left.count() / 1'000'000'000),
                             static_cast<long>(left.count() % 1'000'000'000)};
        wait_for_signal(&slice);
        static_cast<void>(reap());
    }
}

int root_loop::leave_like(const ending& how) const noexcept
{
    detail::held_signals::let_latecomers_be();
    if (how.code == CLD_EXITED) {
        signals_.restore();
        return how.status;
    }
    die_of(how.status);
    // PID 1 of a container does not die of signals.
    constexpr int signalled = 128;
    signals_.restore();
    return signalled + how.status;
}

void root_loop::die_of(int number) const noexcept
{
    // The core that matters is the primary's.
    constexpr rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(number, SIG_DFL);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    ::raise(number);
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
}

}  // namespace

result<int> run_root(fork_permit permit, root_plan plan)
{
    if (!plan.life)
        return failed(errc::bad_value, "become the root");
    COHORT_TRY(const auto maker, twin_maker::prepare(std::move(permit)));
    void* const page =
        ::mmap(nullptr, sizeof(throne), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return failed("map memory for root and primary");
    shared = ::new (page) throne;
    shared->root.store(::getpid(), std::memory_order_release);
    return root_loop{std::move(plan), maker}.run();
}

void announce_exit(int code) noexcept
{
    if (!shared || shared->primary.load(std::memory_order_acquire) != ::getpid())
        return;
    // The kernel passes on eight bits of it.
    shared->code.store(code & 0xff, std::memory_order_relaxed);
    shared->announced.store(::getpid(), std::memory_order_release);
}

void leave_for_renewal() noexcept
{
    shared->renewal.store(::getpid(), std::memory_order_release);
    ::_exit(0);
}

pid_t root_pid() noexcept { return shared ? shared->root.load(std::memory_order_acquire) : 0; }

std::uint64_t ends_told() noexcept { return shared ? shared->deaths.count() : 0; }

std::optional<ward::report> told_end(pid_t pid, std::uint64_t since) noexcept
{
    return shared ? shared->deaths.find(pid, since) : std::nullopt;
}

std::optional<dead_primary> last_primary() noexcept
{
    const pid_t pid = shared ? shared->dead.load(std::memory_order_acquire) : 0;
    if (pid == 0)
        return std::nullopt;
    return dead_primary{.pid = pid,
                        .how = {.code = shared->dead_code.load(std::memory_order_relaxed),
                                .status = shared->dead_status.load(std::memory_order_relaxed)}};
}

int asked_to_end() noexcept
{
    return shared ? shared->asked_to_end.load(std::memory_order_acquire) : 0;
}

}  // namespace cohort::process
