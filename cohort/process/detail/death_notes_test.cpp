#include <cohort/process/detail/death_notes.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <memory>

#include <sys/wait.h>

using namespace cohort::process;

TEST_CASE("an end is found by its pid, and by when it was written")
{
    const auto notes = std::make_unique<detail::death_notes>();
    CHECK_FALSE(notes->find(7, 0));
    notes->write(7, {.code = CLD_EXITED, .status = 3});
    notes->write(8, {.code = CLD_KILLED, .status = SIGTERM});
    REQUIRE(notes->find(7, 0));
    CHECK(notes->find(7, 0)->status == 3);
    CHECK(notes->find(8, 1)->code == CLD_KILLED);
    CHECK_FALSE(notes->find(7, 1));
    // The number was given away again.
    notes->write(7, {.code = CLD_EXITED, .status = 4});
    CHECK(notes->find(7, 0)->status == 3);
    CHECK(notes->find(7, 2)->status == 4);
}

TEST_CASE("the oldest ends are forgotten, and not mistaken")
{
    const auto notes = std::make_unique<detail::death_notes>();
    for (int pid = 1; pid <= 1'500; ++pid)
        notes->write(pid, {.code = CLD_EXITED, .status = pid % 100});
    CHECK(notes->count() == 1'500);
    CHECK_FALSE(notes->find(476, 0));
    REQUIRE(notes->find(477, 0));
    CHECK(notes->find(477, 0)->status == 77);
    CHECK(notes->find(1'500, 1'499)->status == 0);
}
