#include <cohort/primary/dashboard_pulse.hpp>

#include <cohort/board/segment.hpp>

#include <doctest/doctest.h>

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::primary;

TEST_CASE("who beats now and then is not silent, and who does not is, after so many looks")
{
    std::atomic<std::uint64_t> beats{7};
    dashboard_pulse of{beats};
    for (int round = 0; round < 3; ++round) {
        for (unsigned i = 1; i < dashboard_pulse::looks_max; ++i)
            CHECK_FALSE(of.look());
        of.beats().fetch_add(1);
        CHECK_FALSE(of.look());
    }
    for (unsigned i = 1; i < dashboard_pulse::looks_max; ++i)
        CHECK_FALSE(of.look());
    CHECK(of.look());
    of.begin();
    CHECK_FALSE(of.look());
}

TEST_CASE("two who look into the same memory see the same beats")
{
    const auto board = board::segment::create(1);
    REQUIRE(board);
    const auto one = dashboard_pulse::in(board->commons());
    const auto other = dashboard_pulse::in(board->commons());
    REQUIRE(one);
    REQUIRE(other);
    one->beats().store(41);
    CHECK(other->beats().load() == 41);
}

TEST_CASE("nobody debugs this process, nor one that is not there")
{
    constexpr pid_t nobody = 0x3fff'ffff;
    CHECK_FALSE(is_debugged(nobody));
    CHECK_FALSE(is_debugged(1));
}
