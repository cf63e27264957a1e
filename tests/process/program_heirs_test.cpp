// The primary dies; programs that were not written for Cohort serve on, and the next primary goes
// on with them.

#include "outfit.hpp"
#include "steady_load.hpp"

#include <boost/json/object.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::testing;

namespace {

std::vector<pid_t> sorted(std::vector<pid_t> all)
{
    std::ranges::sort(all);
    return all;
}

/// Kills the primary; returns once there is another one.
void behead(outfit& of)
{
    const pid_t before = primary_below(of.root());
    REQUIRE(::kill(before, SIGKILL) == 0);
    REQUIRE(eventually([&] {
        const auto all = titled_below(of.root(), "cohort: primary");
        return all.size() == 1 && all.front() != before;
    }));
}

}  // namespace

TEST_CASE("an upgrade leaves programs alone: they serve on, are heard, and can be replaced")
{
    outfit of;
    of.write("server.py", fmt::format("{}{}", R"(import os, signal, socket
line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
where = os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1)
line.sendto(b"READY=1", where)
def later(*_):
    print("still here", flush=True)
    line.sendto(b"STATUS=still here", where)
signal.signal(signal.SIGUSR1, later)
)",
                                      http_server));
    of.start("/usr/bin/python3", fmt::format("\"{}\"", of.path("server.py")), "stdout = \"pipe\"");
    of.until_ready();
    steady_load load{of.port()};
    REQUIRE(load.goes_on());
    const auto workers = sorted(of.workers());
    for (int i = 0; i < 3; ++i) {
        of.program().signal(SIGUSR2);
        of.program().wait_for("upgrade: cohort");
        CHECK(sorted(of.workers()) == workers);
        CHECK(load.goes_on());
        for (const pid_t each : workers)
            ::kill(each, SIGUSR1);
        of.program().wait_for_all("still here", workers.size());
    }
    of.program().signal(SIGHUP);
    of.program().wait_for("reload: generation 2 serves with 2 workers");
    CHECK(load.goes_on());
    CHECK_MESSAGE(load.stop().empty(), "nobody may notice");
    of.program().signal(SIGUSR2);
    of.program().wait_for("upgrade: cohort");
    // Another program started it, and still its end is told.
    ::kill(of.workers().front(), SIGKILL);
    of.program().wait_for("SIGKILL");
    of.until_ready(1);
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("programs outlive their primary, and the next one replaces, reloads and ends them")
{
    outfit of;
    of.write("server.py", http_server);
    of.start("/usr/bin/python3", fmt::format("\"{}\"", of.path("server.py")));
    of.until_ready();
    const auto before = sorted(of.workers());
    REQUIRE(before.size() == 2);
    steady_load load{of.port()};
    REQUIRE(load.goes_on());
    for (int i = 0; i < 5; ++i) {
        behead(of);
        CHECK(load.goes_on());
    }
    CHECK(sorted(of.workers()) == before);

    // The new primary knows how one ended that it did not start, and fills its slot.
    const auto& failures = load.stop();
    CHECK_MESSAGE(failures.empty(), failures.size(),
                  " failed, first: ", failures.empty() ? "" : failures.front());
    REQUIRE(::kill(before.front(), SIGKILL) == 0);
    const auto told = of.program().wait_for(fmt::format("(pid {}) ended", before.front()));
    CHECK(told.at("message").as_string().find("SIGKILL") != boost::json::string::npos);
    of.until_ready(1);
    CHECK(eventually([&] { return of.workers().size() == 2; }));

    steady_load again{of.port()};
    REQUIRE(again.goes_on());
    of.program().signal(SIGHUP);
    of.program().wait_for("reload: generation 2 serves with 2 workers");
    behead(of);
    CHECK(again.goes_on());
    CHECK_MESSAGE(again.stop().empty(), "nobody may notice");
    const auto all = of.workers();
    CHECK(all.size() == 2);
    CHECK(of.program().stop().code() == 0);
    CHECK(std::ranges::none_of(all, is_alive));
}

TEST_CASE("what programs say and write is heard by the next primary")
{
    outfit of;
    of.write("talk.py", R"(import os, signal, socket, sys, time
line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
where = os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1)
line.sendto(b"READY=1", where)
def speak(*_):
    print("still here", flush=True)
    line.sendto(b"STOPPING=1", where)
    os._exit(7)
signal.signal(signal.SIGUSR1, speak)
while True:
    time.sleep(1000)
)");
    of.start("/usr/bin/python3", fmt::format("\"{}\"", of.path("talk.py")),
             "ready.on = \"notify\"\nspeaks = \"sockets\"\nstdout = \"pipe\"");
    of.until_ready();
    const auto before = of.workers();
    behead(of);
    REQUIRE(::kill(before.front(), SIGUSR1) == 0);
    const auto line = of.program().wait_for("still here");
    CHECK(line.at("stream") == "stdout");
    // How it ended the root tells, and another one takes its slot.
    of.program().wait_for("exit code 7");
    of.until_ready(1);
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("one that was not ready when its primary died is waited for by the next one")
{
    outfit of;
    of.write("late.py", R"(import os, signal, socket, time
line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
where = os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1)
def ready(*_):
    line.sendto(b"READY=1", where)
signal.signal(signal.SIGUSR1, ready)
line.sendto(b"STATUS=warming up", where)
print("up", flush=True)
while True:
    time.sleep(1000)
)");
    of.start("/usr/bin/python3", fmt::format("\"{}\"", of.path("late.py")),
             "ready.on = \"notify\"\nspeaks = \"sockets\"\nstdout = \"pipe\"");
    of.program().wait_for_all("up", 2);
    const auto before = of.workers();
    behead(of);
    for (const pid_t each : before)
        REQUIRE(::kill(each, SIGUSR1) == 0);
    of.until_ready(2);
    CHECK(sorted(of.workers()) == sorted(before));
    CHECK(of.program().stop().code() == 0);
}

TEST_CASE("with the root everything ends")
{
    outfit of;
    of.start("/bin/sleep", "\"1000\"");
    of.until_ready();
    const auto all = of.workers();
    REQUIRE(all.size() == 2);
    REQUIRE(::kill(of.root(), SIGKILL) == 0);
    CHECK(eventually([&] { return std::ranges::none_of(all, is_alive); }));
}
