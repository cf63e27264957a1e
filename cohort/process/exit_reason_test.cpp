#include <cohort/process/exit_reason.hpp>

#include <doctest/doctest.h>

using namespace cohort::process;

TEST_CASE("an exit reason says in words what happened")
{
    CHECK(exit_reason::exited(42).words() == "exit code 42");
    CHECK(exit_reason::signalled(SIGTERM).words() == "signal 15 (SIGTERM)");
    CHECK(exit_reason::signalled(SIGSEGV, core::dumped).words() ==
          "signal 11 (SIGSEGV), core dumped");
    CHECK(exit_reason::signalled(SIGKILL, core::absent, blame::memory).words() ==
          "signal 9 (SIGKILL), killed by the kernel for memory (OOM)");
    CHECK(exit_reason::signalled(SIGRTMIN + 3).words().ends_with("(SIGRTMIN+3)"));
    CHECK(exit_reason::unknown().words() == "gone, reason unknown");
}

TEST_CASE("an exit reason has either a code or a signal, or neither")
{
    CHECK(exit_reason::exited(0).code() == 0);
    CHECK(exit_reason::exited(0).success());
    CHECK(exit_reason::exited(0).signal() == std::nullopt);
    CHECK(exit_reason::signalled(9).code() == std::nullopt);
    CHECK(exit_reason::signalled(9).signal() == 9);
    CHECK_FALSE(exit_reason::signalled(9).success());
    CHECK(exit_reason::unknown().code() == std::nullopt);
    CHECK(exit_reason::unknown().signal() == std::nullopt);
}
