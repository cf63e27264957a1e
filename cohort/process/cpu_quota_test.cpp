#include <cohort/process/cpu_quota.hpp>

#include <doctest/doctest.h>

#include <sched.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

using namespace cohort::process;

namespace {

/// tests/fixtures, seen from wherever the tests run inside the source tree.
std::filesystem::path fixtures()
{
    for (auto at = std::filesystem::canonical("/proc/self/exe"); at != at.root_path();
         at = at.parent_path())
    {
        if (std::filesystem::exists(at / "tests/fixtures/cgroup"))
            return at / "tests/fixtures/cgroup";
    }
    return std::filesystem::current_path();
}

file_reader tree(const std::string& name)
{
    const std::string root = (fixtures() / name).string();
    REQUIRE(std::filesystem::exists(root));
    return [root](const std::string& path) { return read_system_file(root + path); };
}

struct expectation {
    const char* tree;
    unsigned affinity;
    double cpus;
    unsigned workers;
    std::size_t limits;
};

}  // namespace

TEST_CASE("every hierarchy that we know of gives the number of workers that its quota allows")
{
    for (const expectation& e : std::vector<expectation>{
             {"v1_bare", 8, 8, 8, 0},               // no limit is -1
             {"v1_docker", 8, 1.5, 1, 1},           // the mount's root is stripped
             {"v1_cpuacct_first", 8, 3, 3, 2},      // "cpuacct,cpu", and an ancestor
             {"v1_host_path", 8, 2.5, 2, 1},        // the host's path, the container's files
             {"v1_foreign_root", 8, 3.5, 3, 1},     // a root that we are not below
             {"v2_plain", 8, 2, 2, 1},              // no limit is "max"
             {"v2_tight_ancestor", 8, 1.5, 1, 2},   // the parent's parent decides
             {"v2_namespace", 8, 1.75, 2, 1},       // a quarter short of two is two
             {"v2_outside_namespace", 8, 3, 3, 1},  // "/../sibling"
             {"v2_half", 8, 0.5, 1, 1},             // never none
             {"v2_huge", 300, 300, 256, 1},         // never more than the cap
             {"hybrid", 8, 2.25, 2, 1},             // v2 is there, without the controller
             {"none", 8, 8, 8, 0},                  // no /proc/self/cgroup
             {"not_mounted", 8, 8, 8, 0},           // groups, but nothing to look at
             {"malformed", 8, 8, 8, 0},             // nonsense does not limit
             {"escaped_mount", 8, 3.5, 3, 1},       // a blank in the mount point
             {"v2_plain", 1, 1, 1, 1},              // the mask is tighter than the quota
             {"none", 0, 1, 1, 0},
         })
    {
        CAPTURE(e.tree);
        const cpu_quota quota = read_cpu_quota(e.affinity, tree(e.tree));
        CHECK(quota.cpus() == doctest::Approx(e.cpus));
        CHECK(quota.workers() == e.workers);
        CHECK(quota.limits.size() == e.limits);
    }
}

TEST_CASE("workers are the processors, rounded down from a quarter below the next")
{
    cpu_quota quota;
    quota.affinity = 64;
    const auto with = [&](double cpus) {
        quota.limits = {{"cpu.max", cpus}};
        return quota.workers();
    };
    CHECK(with(0.01) == 1);
    CHECK(with(1.74) == 1);
    CHECK(with(1.75) == 2);
    CHECK(with(2.5) == 2);
    CHECK(with(3.99) == 4);
    CHECK(with(1e18) == 64);
    CHECK(quota.workers(4) == 4);
    CHECK(quota.workers(0) == 1);
}

TEST_CASE("the text for the log names every input, also those that were ignored")
{
    CHECK(read_cpu_quota(4, tree("v1_bare")).text() ==
          "4 workers: 4 processors by affinity, no cgroup limit");
    CHECK(read_cpu_quota(4, tree("v2_tight_ancestor")).text() ==
          "1 worker: 4 processors by affinity, 8.00 by /sys/fs/cgroup/a/b/c/cpu.max, "
          "1.50 by /sys/fs/cgroup/a/cpu.max");
    const cpu_quota odd = read_cpu_quota(4, tree("malformed"));
    CHECK(odd.oddities == std::vector<std::string>{
                              "/sys/fs/cgroup/unified/app/cpu.max says \"-5 100000\"",
                              "/sys/fs/cgroup/unified/cpu.max says \"100000 100000 100000\"",
                              "/sys/fs/cgroup/cpu/app/cpu.cfs_quota_us says \"200000\"",
                              "/sys/fs/cgroup/cpu/cpu.cfs_quota_us says \"many\"",
                          });
    CHECK(odd.text().find(", ignored: /sys/fs/cgroup/unified/app/cpu.max says") !=
          std::string::npos);
}

TEST_CASE("deaths for lack of memory are counted by the nearest cgroup that counts")
{
    CHECK(memory_kills(tree("v2_plain")) == 2);
    CHECK(memory_kills(tree("v1_docker")) == 4);
    CHECK(memory_kills(tree("v1_cpuacct_first")) == 0);
    CHECK(memory_kills(tree("none")) == std::nullopt);
    CHECK(memory_kills(tree("v2_namespace")) == std::nullopt);
}

TEST_CASE("what the kernel killed for memory on the machine is in its table of virtual memory")
{
    const auto says = [](std::string_view text) {
        return memory_kills_of_machine([text](const std::string& path) {
            CHECK(path == "/proc/vmstat");
            return std::optional{std::string{text}};
        });
    };
    CHECK(says("drop_slab 0\noom_kill 526\nnuma_pte_updates 7\n") == 526);
    CHECK(says("nr_free_pages 9\noom_killer 3\n") == std::nullopt);
    CHECK(says("oom_kill many\n") == std::nullopt);
    CHECK(memory_kills_of_machine([](const std::string&) -> std::optional<std::string> {
              return std::nullopt;
          }) == std::nullopt);
}

TEST_CASE("here and now there is at least one processor, and the mask counts")
{
    CHECK(read_cpu_quota().workers() >= 1);
    cpu_set_t before;
    REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
    CHECK(affinity_count() == static_cast<unsigned>(CPU_COUNT(&before)));

    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &before)) {
            CPU_SET(cpu, &one);
            break;
        }
    }
    REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(affinity_count() == 1);
    CHECK(read_cpu_quota().workers() == 1);
    ::sched_setaffinity(0, sizeof before, &before);
}

TEST_CASE("a path of a thousand folders is cut, not followed for ever")
{
    std::string deep;
    for (int i = 0; i < 1000; ++i)
        deep += "/x";
    const file_reader read = [&](const std::string& path) -> std::optional<std::string> {
        if (path == "/proc/self/cgroup")
            return "0::" + deep + "\n";
        if (path == "/proc/self/mountinfo")
            return "41 31 0:26 / /cg rw - cgroup2 cgroup2 rw\n";
        return "100000 100000\n";
    };
    CHECK(read_cpu_quota(8, read).limits.size() == 128);
}
