// What a root does with the signals that are meant for its primaries.
#include <cohort/process/detail/held_signals.hpp>
#include <cohort/process/detail/pair_kit_test.hpp>
#include <cohort/process/detail/root_kit_test.hpp>
#include <cohort/process/root.hpp>

#include <doctest/doctest.h>

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <csignal>
#include <string>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;
using cohort::process::kit::start_root;

namespace {

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

}  // namespace

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
