#include <cohort/process/permit.hpp>

#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>

#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <latch>
#include <thread>

using namespace cohort;
using namespace cohort::process;

TEST_CASE("a process with one thread may fork") { CHECK(fork_permit::ask()); }

TEST_CASE("a fork is refused while threads run, and they are named")
{
    std::latch named{1};
    std::latch done{1};
    std::jthread other{[&] {
        ::prctl(PR_SET_NAME, "in-the-way");
        named.count_down();
        done.wait();
    }};
    named.wait();
    const auto asked = fork_permit::ask();
    done.count_down();
    REQUIRE_FALSE(asked);
    CHECK(asked.error().why() == errc::threads_running);
    CHECK(asked.error().text().find("in-the-way") != std::string::npos);
}

TEST_CASE("an inherited SIGCHLD that is ignored does not cost us the exit reason")
{
    const auto before = ::signal(SIGCHLD, SIG_IGN);
    auto born = process::clone(kit::permit(), {}, []() noexcept { ::_exit(7); });
    REQUIRE(born);
    CHECK(born->wait() == exit_reason::exited(7));
    ::signal(SIGCHLD, before);
}
