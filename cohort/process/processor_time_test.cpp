#include <cohort/process/processor_time.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

using namespace cohort;
using namespace std::chrono_literals;
using process::whose_time;

TEST_CASE("the time that a process has used is read from its third word on")
{
    CHECK(process::parse_processor_time(
              "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 9 9 20 0 1 0 5 1 2\n") == 2s);
    CHECK_FALSE(process::parse_processor_time("7 (a) S 1 7 7 0 -1 4194560 100 0 0 0 150"));
    CHECK_FALSE(process::parse_processor_time("7 (a) S 1 7 7 0 -1 4194560 100 0 0 0 x 50 9"));
    CHECK_FALSE(process::parse_processor_time(""));
}

TEST_CASE("our own time is known, and nobody's is not")
{
    const auto all = process::processor_time(::getpid(), whose_time::all);
    const auto first = process::processor_time(::getpid(), whose_time::first);
    REQUIRE(all);
    REQUIRE(first);
    CHECK(*first <= *all + 100ms);  // they were read one after the other
    CHECK_FALSE(process::processor_time(-1, whose_time::all));
}
