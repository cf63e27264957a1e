#include <cohort/process/cpu_throttling.hpp>

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <string>

using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

/// A system that has these files.
file_reader of(std::map<std::string, std::string> files)
{
    return [files = std::move(files)](const std::string& path) -> std::optional<std::string> {
        const auto found = files.find(path);
        return found == files.end() ? std::nullopt : std::optional{found->second};
    };
}

const std::string two_mount =
    "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
const std::string one_mount =
    "33 32 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:11 - cgroup cgroup rw,cpu,cpuacct\n";

}  // namespace

TEST_CASE("throttled periods are those of our cgroup and of all above it")
{
    const auto seen = read_cpu_throttling(
        of({{"/proc/self/cgroup", "0::/a/b\n"},
            {"/proc/self/mountinfo", two_mount},
            {"/sys/fs/cgroup/a/b/cpu.stat", "usage_usec 9\nnr_periods 10\nnr_throttled 3\n"
                                            "throttled_usec 2500\n"},
            {"/sys/fs/cgroup/a/cpu.stat", "nr_periods 4\nnr_throttled 1\nthrottled_usec 500\n"},
            {"/sys/fs/cgroup/cpu.stat", "usage_usec 77\nuser_usec 5\n"}}));
    REQUIRE(seen);
    CHECK(*seen == cpu_throttling{.periods = 14, .throttled = 4, .stopped = 3ms});
}

TEST_CASE("version one counts nanoseconds")
{
    const auto seen =
        read_cpu_throttling(of({{"/proc/self/cgroup", "4:cpu,cpuacct:/a\n"},
                                {"/proc/self/mountinfo", one_mount},
                                {"/sys/fs/cgroup/cpu,cpuacct/a/cpu.stat",
                                 "nr_periods 8\nnr_throttled 2\nthrottled_time 1500000\n"}}));
    REQUIRE(seen);
    CHECK(*seen == cpu_throttling{.periods = 8, .throttled = 2, .stopped = 1500us});
}

TEST_CASE("where nobody counts nothing is known")
{
    CHECK_FALSE(read_cpu_throttling(of({})));
    CHECK_FALSE(read_cpu_throttling(of({{"/proc/self/cgroup", "0::/\n"},
                                        {"/proc/self/mountinfo", two_mount},
                                        {"/sys/fs/cgroup/cpu.stat", "usage_usec 1\n"}})));
}

TEST_CASE("that of this process can be asked for again and again")
{
    const auto first = read_cpu_throttling();
    const auto second = read_cpu_throttling();
    CHECK(first.has_value() == second.has_value());
    if (first)
        CHECK(second->periods >= first->periods);
}
