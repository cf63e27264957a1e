#include <cohort/process/child.hpp>

#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>

#include <sys/wait.h>

#include <csignal>
#include <optional>
#include <vector>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

void sleep_on() noexcept
{
    ::pause();
    ::_exit(0);
}

child sleeper()
{
    auto born = process::clone(kit::permit(), {}, sleep_on);
    REQUIRE(born);
    return std::move(*born);
}

awaitable<> cancel_soon(child& of, std::optional<error_code>& seen)
{
    auto wait = of.exited();
    auto bounded = with_deadline(std::move(wait), 5ms);
    auto answer = co_await std::move(bounded);
    if (!answer)
        seen = answer.error().why();
}

/// Waits for it on a loop, and not to the end.
error_code give_up_waiting_for(child& born, asio::io_context& loop)
{
    std::optional<error_code> seen;
    scope tasks{loop.get_executor()};
    tasks.spawn(cancel_soon(born, seen));
    loop.run();
    return seen.value_or(error_code{});
}

}  // namespace

TEST_CASE("the end of a child can be awaited, and the answer stays")
{
    asio::io_context loop;
    child born = sleeper();
    CHECK(born.try_reap() == std::nullopt);
    REQUIRE(born.signal(SIGTERM));
    auto reason = kit::run(loop, born.exited());
    CHECK(reason == exit_reason::signalled(SIGTERM));
    CHECK(kit::run(loop, born.exited()) == exit_reason::signalled(SIGTERM));
    CHECK(born.ended() == exit_reason::signalled(SIGTERM));
    CHECK(born.try_reap() == exit_reason::signalled(SIGTERM));
}

TEST_CASE("many children that end in any order are all told apart")
{
    asio::io_context loop;
    std::vector<child> all;
    for (int code = 0; code < 20; ++code) {
        auto born = process::clone(kit::permit(), {}, [code]() noexcept { ::_exit(code); });
        REQUIRE(born);
        all.push_back(std::move(*born));
    }
    for (int code = 19; code >= 0; --code)
        CHECK(kit::run(loop, all[static_cast<std::size_t>(code)].exited()) ==
              exit_reason::exited(code));
}

TEST_CASE("a wait that is cancelled leaves the child alone, and it can be awaited again")
{
    asio::io_context loop;
    child born = sleeper();
    CHECK(give_up_waiting_for(born, loop) == errc::deadline_passed);
    CHECK(born.try_reap() == std::nullopt);
    REQUIRE(born.signal(SIGKILL));
    CHECK(kit::run(loop, born.exited()) == exit_reason::signalled(SIGKILL));
}

TEST_CASE("who blocks for a child that was awaited before hears its end, and leaves no zombie")
{
    asio::io_context loop;
    child born = sleeper();
    static_cast<void>(give_up_waiting_for(born, loop));
    REQUIRE(born.signal(SIGTERM));
    CHECK(born.wait() == exit_reason::signalled(SIGTERM));
    CHECK(::kill(born.pid(), 0) == -1);
}

TEST_CASE("a child that nobody waited for is killed and reaped with its owner")
{
    pid_t pid = 0;
    {
        const child born = sleeper();
        pid = born.pid();
        CHECK(::kill(pid, 0) == 0);
    }
    CHECK(::kill(pid, 0) == -1);  // not even a zombie is left
    CHECK(errno == ESRCH);
}

TEST_CASE("moving a child moves the responsibility")
{
    child first = sleeper();
    const pid_t old = first.pid();
    child second = std::move(first);
    CHECK(second.pid() == old);
    CHECK(first.pid() == 0);
    second = sleeper();
    CHECK(::kill(old, 0) == -1);
    CHECK(::kill(second.pid(), 0) == 0);
}

TEST_CASE("a forked copy of a child object owns nothing")
{
    std::optional<child> born{sleeper()};
    auto copy = process::clone(kit::permit(), {}, [&]() noexcept { born.reset(); });
    REQUIRE(copy);
    CHECK(copy->wait().success());
    CHECK(born->try_reap() == std::nullopt);
}

TEST_CASE("a signal to a child that has ended is no error, and reaches no stranger")
{
    child born = sleeper();
    CHECK_FALSE(born.signal(12345));
    REQUIRE(born.signal(SIGKILL));
    static_cast<void>(born.wait());
    CHECK(born.signal(SIGKILL));
}

TEST_CASE("a child that somebody else has reaped is gone for a reason unknown")
{
    child born = sleeper();
    REQUIRE(born.signal(SIGKILL));
    siginfo_t ignored{};
    REQUIRE(::waitid(P_PID, static_cast<id_t>(born.pid()), &ignored, WEXITED) == 0);
    CHECK(born.wait() == exit_reason::unknown());
}

TEST_CASE("of an inherited process the end is heard, and not how")
{
    asio::io_context loop;
    child mother = sleeper();
    auto twin = duplicate(mother.pidfd());
    REQUIRE(twin);
    child heir = child::inherit(mother.pid(), *std::move(twin));
    CHECK(heir.try_reap() == std::nullopt);
    REQUIRE(heir.signal(SIGTERM));
    CHECK(kit::run(loop, heir.exited()) == exit_reason::unknown());
    CHECK(mother.wait() == exit_reason::signalled(SIGTERM));
}
