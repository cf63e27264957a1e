#include <cohort/process/memory_share.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

using namespace cohort;

TEST_CASE("a process has a share of the machine's memory")
{
    const auto ours = process::memory_share(::getpid());
    REQUIRE(ours);
    CHECK(*ours > 100'000);
    CHECK_FALSE(process::memory_share(-1));
}

TEST_CASE("the figure is read from the kernel's text, and nothing from any other")
{
    CHECK(process::parse_memory_share(
              "0-1 ---p 0 00:00 0 [rollup]\nRss:  8 kB\nPss:     12 kB\n") == 12'288);
    CHECK_FALSE(process::parse_memory_share(""));
    CHECK_FALSE(process::parse_memory_share("a\nPss: many kB\n"));
    CHECK_FALSE(process::parse_memory_share("a\nPss: 12\n"));
}

TEST_CASE("what a process has in memory is no less than its share of it")
{
    const auto resident = process::memory_resident(::getpid());
    const auto share = process::memory_share(::getpid());
    REQUIRE(resident);
    REQUIRE(share);
    // The kernel counts the one lazily: some pages of each thread are not told yet.
    CHECK(*resident + (std::uint64_t{1} << 20) > *share);
    CHECK_FALSE(process::memory_resident(-1));
}
