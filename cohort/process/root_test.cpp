#include <cohort/process/root.hpp>

#include <cohort/process/detail/pair_kit_test.hpp>
#include <cohort/process/detail/root_kit_test.hpp>
#include <cohort/process/spawn.hpp>

#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <string>

using namespace cohort;
using namespace cohort::process;
using cohort::process::kit::start_root;
using namespace std::chrono_literals;

namespace {

/// No process has the number, or a zombie that somebody else is to reap.
bool has_gone(pid_t pid)
{
    const unique_fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    pollfd ask{.fd = pidfd.borrow(), .events = POLLIN, .revents = 0};
    return !pidfd.valid() || ::poll(&ask, 1, 0) == 1;
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

TEST_CASE("a primary that dies is followed by one that finds its descriptors, and knows of it")
{
    kit::shared_words words;
    int (*death)() = nullptr;
    int status = 0;
    SUBCASE("killed")
    {
        death = [] { return ::raise(SIGKILL); };
        status = SIGKILL;
    }
    SUBCASE("crashed")
    {
        death = [] { return ::raise(SIGSEGV); };
        status = SIGSEGV;
    }
    SUBCASE("by an exit that nobody announced")
    {
        death = []() -> int { ::_exit(9); };
        status = 9;
    }
    auto root = start_root([&](reign which) noexcept {
        if (which == reign::first) {
            const int opened = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
            words.word[0].store(static_cast<std::uint64_t>(opened));
            words.word[1].store(static_cast<std::uint64_t>(::getpid()));
            if (last_primary())
                return 2;
            death();
        }
        const auto last = last_primary();
        if (!last || last->how.status != status)
            return 3;
        if (last->pid != static_cast<pid_t>(words.word[1].load()))
            return 4;
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
