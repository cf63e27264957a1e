// How long a takeover takes, with an image of some size, and what must not delay it. Times are
// printed, not judged: they are the machine's as well as ours.
#include "storm.hpp"

#include <cohort/testing/client.hpp>
#include <cohort/testing/witness_body.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;
using testing::client;

namespace {

constexpr unsigned image_mebibytes = 64;

storm_plan large_image()
{
    return {.workers = 1, .env = {fmt::format("STORM_IMAGE_MIB={}", image_mebibytes)}};
}

double in_ms(nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

void tell(const char* what, std::vector<nanoseconds> times)
{
    std::ranges::sort(times);
    const auto at = [&](std::size_t percent) { return times[times.size() * percent / 100]; };
    std::printf("%s, image of %u MiB, %zu times: median %.2f ms, p90 %.2f, p99 %.2f, max %.2f\n",
                what, image_mebibytes, times.size(), in_ms(at(50)), in_ms(at(90)), in_ms(at(99)),
                in_ms(times.back()));
}

/// Limits are inherited by who is started meanwhile. A resource.
class core_dumps {
public:
    core_dumps()
    {
        ::getrlimit(RLIMIT_CORE, &before_);
        const rlimit all{before_.rlim_max, before_.rlim_max};
        ::setrlimit(RLIMIT_CORE, &all);
        allowed_ = before_.rlim_max != 0;
    }
    ~core_dumps() { ::setrlimit(RLIMIT_CORE, &before_); }
    core_dumps(const core_dumps&) = delete;
    core_dumps& operator=(const core_dumps&) = delete;
    [[nodiscard]] bool allowed() const noexcept { return allowed_; }

private:
    rlimit before_{};
    bool allowed_ = false;
};

/// A memory cgroup below our own. A resource; gone once nobody is in it.
class memory_group {
public:
    memory_group()
    {
        std::ifstream mine{"/proc/self/cgroup"};
        for (std::string line; std::getline(mine, line);) {
            const auto found = line.find(":memory:");
            if (found != std::string::npos)
                make("/sys/fs/cgroup/memory" + line.substr(found + 8), "memory.limit_in_bytes");
            else if (path_.empty() && line.starts_with("0::"))
                make("/sys/fs/cgroup" + line.substr(3), "memory.max");
        }
    }
    ~memory_group()
    {
        std::error_code ignored;
        if (!path_.empty())
            (void)testing::eventually([&] { return std::filesystem::remove(path_, ignored); }, 5s);
    }
    memory_group(const memory_group&) = delete;
    memory_group& operator=(const memory_group&) = delete;

    [[nodiscard]] bool made() const noexcept { return !path_.empty(); }
    /// We, and whoever we start meanwhile, live there for so long: as in a container, a process is
    /// where it is from its first moment on.
    [[nodiscard]] bool enter() const
    {
        return put(path_, "cgroup.procs", std::to_string(::getpid()));
    }
    [[nodiscard]] bool leave() const
    {
        return put(parent_, "cgroup.procs", std::to_string(::getpid()));
    }
    [[nodiscard]] bool limit(std::uint64_t bytes) const
    {
        return put(path_, knob_, std::to_string(bytes));
    }

private:
    void make(const std::string& parent, const char* knob)
    {
        const auto path = fmt::format("{}/cohort-oom-{}", parent, ::getpid());
        std::error_code why;
        if (!std::filesystem::create_directory(path, why))
            return;
        path_ = path;
        parent_ = parent;
        knob_ = knob;
        if (!std::filesystem::exists(path + "/" + knob))
            std::filesystem::remove(std::exchange(path_, {}), why);
    }
    [[nodiscard]] static bool put(const std::string& group, const std::string& into,
                                  const std::string& words)
    {
        std::ofstream file{group + "/" + into};
        file << words << std::flush;
        return file.good();
    }

    std::string path_;
    std::string parent_;
    std::string knob_;
};

bool is_answered(client& by, std::uint64_t number)
{
    const std::string head = by.receive_until("\r\n\r\n");
    const std::string body = by.receive_until(testing::witness_body(number, 64));
    return head.starts_with("HTTP/1.1 200 ") && body == testing::witness_body(number, 64);
}

void ask(client& over, std::string_view path)
{
    over.send(fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", path));
}

std::size_t files_named_core(const std::filesystem::path& folder)
{
    std::size_t found = 0;
    for (const auto& each : std::filesystem::directory_iterator{folder})
        found += each.path().filename().string().starts_with("core") ? 1 : 0;
    return found;
}

}  // namespace

TEST_CASE("a standby answers on the connections of one that is killed, whatever its image")
{
    const auto terms = storm_terms::read(1, 30);
    storm_server server{large_image()};
    client idle{server.port()};
    std::vector<nanoseconds> taken;
    for (std::uint64_t number = 1; number <= terms.deaths; ++number) {
        REQUIRE(idle.get("/touch").starts_with("HTTP/1.1 200 "));  // freeing it takes its time
        const std::vector<pid_t> victims = server.all(part::worker);
        REQUIRE(victims.size() == 1);
        const steady_time began = now();
        REQUIRE(::kill(victims[0], SIGKILL) == 0);
        ask(idle, fmt::format("/witness/{}?bytes=64", number));
        REQUIRE(is_answered(idle, number));
        taken.push_back(now() - began);
        (void)server.program().lines();
        REQUIRE(testing::eventually([&] { return server.is_complete(); }));
    }
    tell("killed, then asked, then answered", taken);
    CHECK(server.stop().empty());
}

TEST_CASE("a core dump does not delay the takeover: the request runs again while it is written")
{
    const auto terms = storm_terms::read(1, 5);
    const core_dumps on;
    if (!on.allowed()) {
        MESSAGE("core dumps are forbidden here (ulimit -Hc): nothing was tried");
        return;
    }
    storm_server server{large_image()};
    client dying{server.port()};
    std::vector<nanoseconds> taken;
    std::vector<nanoseconds> reported;
    for (std::uint64_t number = 1; number <= terms.deaths; ++number) {
        REQUIRE(dying.get("/touch").starts_with("HTTP/1.1 200 "));
        const auto ends = server.said("SIGSEGV");
        const steady_time began = now();
        ask(dying, fmt::format("/die/segv/{}?times=1", number));
        REQUIRE(is_answered(dying, number));
        taken.push_back(now() - began);
        // Nobody is replaced by more than one: the dead worker is there until its core is written.
        REQUIRE(testing::eventually([&] { return server.said("SIGSEGV") > ends; }));
        reported.push_back(now() - began);
        REQUIRE(testing::eventually([&] { return server.is_complete(); }));
    }
    tell("crash in a handler to the answer, with core dumps on", taken);
    tell("crash in a handler to its end in the log (the core is written)", reported);
    std::printf("%zu core files (core_pattern decides where they go)\n",
                files_named_core(server.working_directory()));
    CHECK(server.stop().empty());
}

TEST_CASE("a worker that the kernel kills for its memory is followed, and its request runs again")
{
    const memory_group group;
    if (!group.made()) {
        MESSAGE("no memory cgroup can be made here; fault.causes has the stand-in (RLIMIT_AS)");
        return;
    }
    constexpr std::uint64_t limit = 192U << 20;
    REQUIRE(group.enter());
    storm_server server{{.workers = 2}};
    REQUIRE(group.leave());
    REQUIRE(group.limit(limit));
    client idle{server.port()};
    REQUIRE(idle.get("/").starts_with("HTTP/1.1 200 "));
    client eating{server.port()};
    for (std::uint64_t number = 1; number <= 5; ++number) {
        ask(eating, fmt::format("/die/eat/{}?times=1", number));
        REQUIRE(is_answered(eating, number));
        REQUIRE(idle.get("/").starts_with("HTTP/1.1 200 "));
    }
    CHECK(testing::eventually([&] { return server.said("SIGKILL") >= 5; }, 10s));
    CHECK(server.said("(OOM)") >= 5);
    // That was the kernel and nobody outside, so it is not let try for long.
    ask(eating, "/die/eat/6?times=1000");
    CHECK(eating.receive_until("\r\n\r\n").starts_with("HTTP/1.1 500 "));
    CHECK(testing::eventually([&] { return server.said("SIGKILL") >= 9; }, 10s));
    CHECK(server.said("SIGKILL") == 9);
    CHECK(server.stop().empty());
}
