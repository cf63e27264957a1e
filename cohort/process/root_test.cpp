#include <cohort/process/root.hpp>

#include <cohort/process/clone.hpp>
#include <cohort/process/detail/pair_kit_test.hpp>
#include <cohort/process/spawn.hpp>

#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <string>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

/// A root in a process of its own; its exit is run_root's.
child start_root(std::move_only_function<int(reign) noexcept> life,
                 std::move_only_function<void() noexcept> renew = {}, reign begins = reign::first)
{
    birth how;
    how.title = "cohort: root under test";
    // What is open here may be used by the primaries.
    for (int fd = 3; fd < 64; ++fd) {
        if (::fcntl(fd, F_GETFD) != -1)
            how.keep.push_back(fd);
    }
    auto born = process::clone(kit::permit(), how, [&]() noexcept {
        root_plan plan;
        plan.primary_title = "cohort: primary under test";
        plan.life = std::move(life);
        plan.renew = std::move(renew);
        plan.begins = begins;
        auto asked = fork_permit::ask();
        const auto code = run_root(std::move(*asked), std::move(plan));
        ::_exit(code ? *code : 99);
    });
    REQUIRE(born);
    return std::move(*born);
}

/// No process has the number, or a zombie that somebody else is to reap.
bool has_gone(pid_t pid)
{
    const unique_fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    pollfd ask{.fd = pidfd.borrow(), .events = POLLIN, .revents = 0};
    return !pidfd.valid() || ::poll(&ask, 1, 0) == 1;
}

/// In a primary: this signal is there, or comes soon.
bool comes(int number) noexcept
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, number);
    constexpr timespec longest{.tv_sec = 10, .tv_nsec = 0};
    return ::sigtimedwait(&wanted, nullptr, &longest) == number;
}

/// In a primary: signals have their effect.
void let_in() noexcept
{
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

result<child> start_sleeper_of_root()
{
    program what;
    what.exec = "sleep";
    what.args = {"60"};
    what.env = environment_with({});
    what.of_root = true;
    return process::spawn(kit::permit(), what);
}

}  // namespace

TEST_SUITE_BEGIN("twins" * doctest::skip(kit::no_twins));

TEST_CASE("a root exits with the code of its primary")
{
    auto root = start_root([](reign which) noexcept { return which == reign::first ? 7 : 8; });
    CHECK(root.wait() == exit_reason::exited(7));
}

TEST_CASE("a primary that exits elsewhere, on purpose, has announced it")
{
    auto root = start_root([](reign) noexcept -> int {
        announce_exit(5);
        ::_exit(5);
    });
    CHECK(root.wait() == exit_reason::exited(5));
}

TEST_CASE("a primary that dies is followed by one that finds its descriptors")
{
    kit::shared_words words;
    int (*death)() = nullptr;
    SUBCASE("killed")
    {
        death = [] { return ::raise(SIGKILL); };
    }
    SUBCASE("crashed")
    {
        death = [] { return ::raise(SIGSEGV); };
    }
    SUBCASE("by an exit that nobody announced")
    {
        death = []() -> int { ::_exit(0); };
    }
    auto root = start_root([&](reign which) noexcept {
        if (which == reign::first) {
            const int opened = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
            words.word[0].store(static_cast<std::uint64_t>(opened));
            death();
        }
        return ::fcntl(static_cast<int>(words.word[0].load()), F_GETFD) == -1 ? 1 : 42;
    });
    CHECK(root.wait() == exit_reason::exited(42));
}

TEST_CASE("a program of the root outlives the primary that started it, and its end is told")
{
    kit::shared_words words;
    auto root = start_root([&](reign which) noexcept -> int {
        if (which == reign::first) {
            auto born = start_sleeper_of_root();
            if (!born)
                return 1;
            words.word[0].store(static_cast<std::uint64_t>(born->pid()));
            words.word[1].store(static_cast<std::uint64_t>(born->pidfd().borrow()));
            ::raise(SIGKILL);
        }
        const auto pid = static_cast<pid_t>(words.word[0].load());
        auto heir = child::of_root(pid, unique_fd{static_cast<int>(words.word[1].load())}, 0);
        if (heir.try_reap())
            return 2;
        if (!heir.signal(SIGTERM) || heir.wait() != exit_reason::signalled(SIGTERM))
            return 3;
        return ::kill(pid, 0) == -1 ? 42 : 4;
    });
    CHECK(root.wait() == exit_reason::exited(42));
}

TEST_CASE("a program of the root that cannot start leaves nothing behind")
{
    auto root = start_root([&](reign) noexcept -> int {
        program what;
        what.exec = "/nowhere/at/all";
        what.of_root = true;
        const auto born = process::spawn(kit::permit(), what);
        return !born && born.error().text().find("No such file") != std::string::npos ? 42 : 1;
    });
    CHECK(root.wait() == exit_reason::exited(42));
}

TEST_CASE("a program of the root ends with the root")
{
    kit::shared_words words;
    auto root = start_root([&](reign) noexcept -> int {
        auto born = start_sleeper_of_root();
        words.word[0].store(born ? static_cast<std::uint64_t>(born->pid()) : 1);
        for (;;)
            ::pause();
    });
    REQUIRE(kit::comes_true([&] { return words.word[0].load() != 0; }));
    const auto pid = static_cast<pid_t>(words.word[0].load());
    REQUIRE(pid > 1);
    REQUIRE(root.signal(SIGKILL));
    static_cast<void>(root.wait());
    CHECK(kit::comes_true([pid] { return has_gone(pid); }));
}

TEST_CASE("a primary that leaves for a renewal has its root renewed, and is followed if that fails")
{
    kit::shared_words words;
    auto root = start_root(
        [&](reign which) noexcept -> int {
            if (which == reign::first)
                leave_for_renewal();
            return words.word[0].load() == static_cast<std::uint64_t>(root_pid()) ? 42 : 1;
        },
        [&]() noexcept { words.word[0].store(static_cast<std::uint64_t>(::getpid())); });
    CHECK(root.wait() == exit_reason::exited(42));
}

TEST_CASE("a root that another program was before begins with a successor, and lets signals in")
{
    auto root = start_root(
        [](reign which) noexcept -> int {
            sigset_t out;
            ::sigprocmask(SIG_SETMASK, nullptr, &out);
            return which == reign::successor && sigismember(&out, SIGALRM) == 0 ? 42 : 1;
        },
        {}, reign::successor);
    CHECK(root.wait() == exit_reason::exited(42));
}

TEST_CASE("what comes before a primary hears signals waits for it, and ends nobody")
{
    kit::shared_words words;
    auto root = start_root([&](reign which) noexcept -> int {
        words.word[0].store(1);
        while (words.word[1].load() == 0)
            ::poll(nullptr, 0, 1);
        return which == reign::first && comes(SIGHUP) && comes(SIGUSR2) ? 42 : 1;
    });
    REQUIRE(kit::comes_true([&] { return words.word[0].load() == 1; }));
    REQUIRE(root.signal(SIGHUP));
    REQUIRE(root.signal(SIGUSR2));
    words.word[1].store(1);
    CHECK(root.wait() == exit_reason::exited(42));
}

TEST_CASE("what comes between two primaries is for the next one")
{
    kit::shared_words words;
    auto root = start_root([&](reign) noexcept -> int {
        // The pause after the fourth is long enough to be hit.
        const std::uint64_t before = words.word[0].fetch_add(1);
        if (before == 4)
            return comes(SIGHUP) ? 42 : 1;
        if (before == 3)
            words.word[1].store(static_cast<std::uint64_t>(::getpid()));
        ::abort();
    });
    REQUIRE(kit::comes_true([&] { return words.word[1].load() != 0; }));
    const auto fourth = static_cast<pid_t>(words.word[1].load());
    // Reaped: what comes now, its root does not pass on to it.
    REQUIRE(kit::comes_true([&] { return ::kill(fourth, 0) == -1; }));
    REQUIRE(root.signal(SIGHUP));
    CHECK(root.wait() == exit_reason::exited(42));
}

TEST_CASE("a signal that comes too late for any primary does not become how its root ends")
{
    for (int i = 0; i < 20; ++i) {
        kit::shared_words words;
        auto root = start_root([&](reign) noexcept -> int {
            words.word[0].store(1);
            return 42;
        });
        REQUIRE(kit::comes_true([&] { return words.word[0].load() == 1; }));
        while (!root.try_reap())
            static_cast<void>(root.signal(SIGHUP));
        CHECK(root.wait() == exit_reason::exited(42));
    }
}

TEST_CASE("after five quick deaths by its own fault there is no other primary")
{
    kit::shared_words words;
    auto root = start_root([&](reign) noexcept -> int {
        words.word[0].fetch_add(1);
        ::abort();
    });
    CHECK(root.wait() == exit_reason::signalled(SIGABRT));
    CHECK(words.word[0].load() == 5);
}

TEST_CASE("a signal goes to the primary, with the pid of who sent it")
{
    kit::shared_words words;
    int number = SIGTERM;
    SUBCASE("TERM") { number = SIGTERM; }
    SUBCASE("HUP") { number = SIGHUP; }
    SUBCASE("TTIN") { number = SIGTTIN; }
    SUBCASE("WINCH") { number = SIGWINCH; }
    auto root = start_root([&](reign) noexcept {
        sigset_t wanted;
        sigemptyset(&wanted);
        sigaddset(&wanted, number);
        ::sigprocmask(SIG_BLOCK, &wanted, nullptr);
        words.word[0].store(1);
        siginfo_t info{};
        if (::sigwaitinfo(&wanted, &info) != number || info.si_pid != root_pid())
            return 1;
        words.word[1].store(static_cast<std::uint64_t>(info.si_value.sival_int));
        return 0;
    });
    REQUIRE(kit::comes_true([&] { return words.word[0].load() == 1; }));
    REQUIRE(root.signal(number));
    CHECK(root.wait() == exit_reason::exited(0));
    CHECK(words.word[1].load() == static_cast<std::uint64_t>(::getpid()));
}

TEST_CASE("a root dies of the signal that ended its primary when it was asked to end")
{
    kit::shared_words words;
    auto root = start_root([&](reign) noexcept -> int {
        let_in();
        words.word[0].store(1);
        for (;;)
            ::pause();
    });
    REQUIRE(kit::comes_true([&] { return words.word[0].load() == 1; }));
    REQUIRE(root.signal(SIGTERM));
    CHECK(root.wait() == exit_reason::signalled(SIGTERM));
}

TEST_CASE("a successor knows that the one before it had been asked to end")
{
    kit::shared_words words;
    auto root = start_root([&](reign which) noexcept {
        if (which == reign::successor)
            return asked_to_end() == SIGTERM ? 3 : 4;
        ::signal(SIGTERM, [](int) { ::kill(::getpid(), SIGKILL); });
        let_in();
        words.word[0].store(1);
        for (;;)
            ::pause();
    });
    REQUIRE(kit::comes_true([&] { return words.word[0].load() == 1; }));
    REQUIRE(root.signal(SIGTERM));
    CHECK(root.wait() == exit_reason::exited(3));
}

TEST_CASE("the death of a root kills its primary")
{
    kit::shared_words words;
    auto root = start_root([&](reign) noexcept -> int {
        words.word[0].store(static_cast<std::uint64_t>(::getpid()));
        for (;;)
            ::pause();
    });
    REQUIRE(kit::comes_true([&] { return words.word[0].load() != 0; }));
    REQUIRE(root.signal(SIGKILL));
    CHECK(root.wait() == exit_reason::signalled(SIGKILL));
    CHECK(kit::ends_soon(static_cast<pid_t>(words.word[0].load())));
}

TEST_CASE("a root reaps what its primaries left behind")
{
    kit::shared_words words;
    auto root = start_root([&](reign which) noexcept {
        if (which == reign::first) {
            auto asked = fork_permit::ask();
            birth how;
            how.orphan = parent_death::ignored();
            auto left = process::clone(std::move(*asked), how, [&]() noexcept {
                // Outlives its parent; becomes the root's.
                while (::getppid() != root_pid())
                    ::poll(nullptr, 0, 1);
                words.word[0].store(static_cast<std::uint64_t>(::getpid()));
            });
            left->let_go();
            ::raise(SIGKILL);
        }
        // Gone entirely, not even waiting to be reaped.
        const auto reaped = [&] {
            const auto pid = static_cast<pid_t>(words.word[0].load());
            return pid != 0 && ::kill(pid, 0) == -1;
        };
        const auto end = now() + kit::patience;
        while (!reaped() && now() < end)
            ::poll(nullptr, 0, 1);
        return reaped() ? 0 : 1;
    });
    CHECK(root.wait() == exit_reason::exited(0));
}

TEST_CASE("PID 1 cannot die of a signal, so it exits with what a shell would say of it")
{
    if (::geteuid() != 0)
        return;  // namespaces are root's
    auto outside = process::clone(kit::permit(), {}, []() noexcept {
        if (::unshare(CLONE_NEWPID) == -1)
            ::_exit(98);
        auto asked = fork_permit::ask();
        birth first;
        first.orphan = parent_death::ignored();  // it sees no parent
        auto root = process::clone(std::move(*asked), first, []() noexcept {
            root_plan plan;
            plan.life = [](reign) noexcept -> int { ::abort(); };
            auto again = fork_permit::ask();
            const auto code = run_root(std::move(*again), std::move(plan));
            ::_exit(::getpid() == 1 && code ? *code : 99);
        });
        ::_exit(root ? root->wait().code().value_or(97) : 96);
    });
    REQUIRE(outside);
    CHECK(outside->wait() == exit_reason::exited(128 + SIGABRT));
}

TEST_CASE("who is asked to end between two primaries gets a successor for that, without a pause")
{
    kit::shared_words words;
    auto root = start_root([&](reign) noexcept {
        if (asked_to_end() != 0)
            return 6;
        // Whether it comes within the pause or a moment earlier.
        sigset_t wanted;
        sigemptyset(&wanted);
        sigaddset(&wanted, SIGTERM);
        ::sigprocmask(SIG_BLOCK, &wanted, nullptr);
        // The pause after the fourth is long enough to be hit.
        if (words.word[0].fetch_add(1) == 3)
            words.word[1].store(1);
        ::abort();
    });
    REQUIRE(kit::comes_true([&] { return words.word[1].load() == 1; }));
    REQUIRE(root.signal(SIGTERM));
    CHECK(root.wait() == exit_reason::exited(6));
}

TEST_SUITE_END();
