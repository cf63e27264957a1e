#include <cohort/process/signals.hpp>

#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

bool blocked(int number)
{
    sigset_t mask;
    ::sigprocmask(SIG_SETMASK, nullptr, &mask);
    return sigismember(&mask, number) == 1;
}

awaitable<result<int>> first_of(signals& caught)
{
    auto one = co_await caught.next();
    if (!one)
        co_return std::unexpected(one.error());
    co_return one->number;
}

awaitable<result<caught_signal>> impatient(signals& caught)
{
    auto wait = caught.next();
    auto bounded = with_deadline(std::move(wait), 5ms);
    auto answer = co_await std::move(bounded);
    co_return answer;
}

}  // namespace

TEST_CASE("what a terminal has the kernel send is told from what a process sends")
{
    asio::io_context loop;
    auto caught = signals::catch_these(loop.get_executor(), {SIGWINCH});
    REQUIRE(caught);
    siginfo_t as_kernel{};
    as_kernel.si_signo = SIGWINCH;
    as_kernel.si_code = SI_KERNEL;
    REQUIRE(::syscall(SYS_rt_sigqueueinfo, ::getpid(), SIGWINCH, &as_kernel) == 0);
    auto resized = kit::run(loop, caught->next());
    REQUIRE(resized);
    CHECK(resized->by_terminal);
    // As somebody in another pid namespace, who has no pid here.
    siginfo_t from_nobody{};
    from_nobody.si_signo = SIGWINCH;
    from_nobody.si_code = SI_USER;
    REQUIRE(::syscall(SYS_rt_sigqueueinfo, ::getpid(), SIGWINCH, &from_nobody) == 0);
    auto sent = kit::run(loop, caught->next());
    REQUIRE(sent);
    CHECK_FALSE(sent->by_terminal);
    CHECK(sent->from == 0);
}

TEST_CASE("signals are awaited in the order of their numbers, with their sender and their count")
{
    asio::io_context loop;
    auto caught = signals::catch_these(loop.get_executor(), {SIGINT, SIGTERM, SIGHUP});
    REQUIRE(caught);
    ::kill(::getpid(), SIGINT);
    auto first = kit::run(loop, caught->next());
    REQUIRE(first);
    CHECK(first->number == SIGINT);
    CHECK(first->nth == 1);
    CHECK(first->from == ::getpid());

    ::kill(::getpid(), SIGTERM);
    CHECK(kit::run(loop, first_of(*caught)) == SIGTERM);

    ::kill(::getpid(), SIGINT);
    auto second = kit::run(loop, caught->next());
    REQUIRE(second);
    CHECK(second->number == SIGINT);
    CHECK(second->nth == 2);
}

TEST_CASE("a wait for signals can be cancelled and taken up again")
{
    asio::io_context loop;
    auto caught = signals::catch_these(loop.get_executor(), {SIGUSR1});
    REQUIRE(caught);
    CHECK(kit::run(loop, impatient(*caught)).error().why() == errc::deadline_passed);
    ::kill(::getpid(), SIGUSR1);
    CHECK(kit::run(loop, first_of(*caught)) == SIGUSR1);
}

TEST_CASE("signals are blocked only while somebody waits for them")
{
    asio::io_context loop;
    CHECK_FALSE(blocked(SIGUSR1));
    {
        auto caught = signals::catch_these(loop.get_executor(), {SIGUSR1});
        REQUIRE(caught);
        CHECK(blocked(SIGUSR1));
    }
    CHECK_FALSE(blocked(SIGUSR1));
}

TEST_CASE("what cannot be caught is refused")
{
    asio::io_context loop;
    CHECK_FALSE(signals::catch_these(loop.get_executor(), {SIGKILL}));
    CHECK_FALSE(signals::catch_these(loop.get_executor(), {SIGSTOP}));
    CHECK_FALSE(signals::catch_these(loop.get_executor(), {12345}));
    CHECK_FALSE(blocked(SIGUSR1));
}

TEST_CASE("a copy catches its own signals, though its parent does so too")
{
    asio::io_context parents;
    auto parent = signals::catch_these(parents.get_executor(), {SIGTERM});
    REQUIRE(parent);
    auto pipe = kit::make_pipe();
    birth how;
    how.keep = {pipe.write.borrow()};
    auto born = process::clone(kit::permit(), how, [&]() noexcept {
        // Never destroyed, like the loop of a worker.
        auto* loop = new asio::io_context;
        auto caught = signals::catch_these(loop->get_executor(), {SIGTERM});
        if (!caught || ::write(pipe.write.borrow(), "\n", 1) != 1)
            ::_exit(1);
        const auto got = kit::run(*loop, first_of(*caught));
        ::_exit(got == SIGTERM ? 0 : 2);
    });
    REQUIRE(born);
    pipe.write.reset();
    CHECK(kit::read_line(pipe.read) == "\n");
    REQUIRE(born->signal(SIGTERM));
    CHECK(born->wait() == exit_reason::exited(0));
}
