#include <cohort/dashboard/costs.hpp>

#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <vector>

using namespace cohort;
using namespace cohort::dashboard;
using namespace std::chrono_literals;

TEST_CASE("what this process costs is known, and of one that is gone nothing is")
{
    cost_reader from;
    constexpr pid_t nobody = 0x3fff'ffff;
    const std::array all{::getpid(), nobody};
    const auto seen = from.read(all, steady_time{1s});
    REQUIRE(seen.contains(::getpid()));
    const process_cost& own = seen.at(::getpid());
    CHECK(own.processor_time.has_value());
    CHECK(own.memory_bytes.value_or(0) > 0);
    CHECK(own.descriptors.value_or(0) > 2);
    CHECK_FALSE(seen.at(nobody).processor_time);
    CHECK_FALSE(seen.at(nobody).memory_bytes);
    CHECK_FALSE(seen.at(nobody).descriptors);
    CHECK(age_of(::getpid()).value() >= 0s);
    CHECK(age_of(1).value() >= age_of(::getpid()).value());
    CHECK_FALSE(age_of(nobody));
    CHECK(throttled_seconds().value_or(0) >= 0);
}

TEST_CASE("descriptors are as many as are open")
{
    cost_reader from;
    const std::array own{::getpid()};
    const auto count = [&] { return from.read(own, steady_time{1s}).at(own[0]).descriptors; };
    const std::size_t before = count().value();
    std::vector<unique_fd> more;
    more.reserve(5);
    for (int i = 0; i < 5; ++i)
        more.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    CHECK(count().value() == before + more.size());
}
