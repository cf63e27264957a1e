// What containers ask of a cohort: to be PID 1, and to say what is wrong before anything runs.

#include "api_server.hpp"
#include "family.hpp"

#include <boost/json/object.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <string_view>

#include <unistd.h>

using namespace cohort;
using namespace cohort::testing;

namespace {

/// The pid that a process has in the innermost namespace it lives in.
std::string innermost_pid(pid_t of)
{
    std::string status = read_about(of, "status");
    const auto line = status.find("NSpid:");
    if (line == std::string::npos)
        return {};
    status = status.substr(line, status.find('\n', line) - line);
    return status.substr(status.find_last_of(" \t") + 1);
}

}  // namespace

TEST_CASE(
    "a cohort is a good PID 1: it serves, follows its primary, drains on TERM, and exits with 0")
{
    if (::geteuid() != 0)
        return;  // namespaces are root's
    launch how;
    how.exec = "unshare";
    how.args = {"--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                PROCESS_PROGRAMS "api",
                "--bind",
                "127.0.0.1:0",
                "-w",
                "2"};
    running_program container{how};
    const auto lines = container.wait_for_all("listening on port", 2);
    const pid_t root = children_of(container.pid()).at(0);
    CHECK(innermost_pid(root) == "1");
    client one{port_of(lines.front())};
    CHECK_NOTHROW(who_is(one));
    // Its workers' keepers are orphans now; PID 1 takes them in, and the next primary finds them.
    ::kill(primary_below(root), SIGKILL);
    container.wait_for("goes on where one that died stopped");
    CHECK_NOTHROW(who_is(one));
    // unshare forwards nothing, as a runtime does: it signals PID 1 itself.
    ::kill(root, SIGTERM);
    CHECK(eventually([&] { return children_of(container.pid()).empty(); }));
    CHECK(container.wait().code() == 0);
}

TEST_CASE("a program that has started threads is refused, and they are named")
{
    launch how;
    how.exec = PROCESS_PROGRAMS "threaded";
    how.args = {"--bind", "127.0.0.1:0", "-w", "2"};
    running_program app{how};
    const auto line = app.wait_for("fork while threads run: pool-3");
    CHECK(std::string_view{line.at("message").as_string()}.find("pool-3") !=
          std::string_view::npos);
    CHECK(app.wait().code() == 7);
}
