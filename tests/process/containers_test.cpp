// What containers ask of a cohort: to be PID 1, and to say what is wrong before anything runs.

#include "api_server.hpp"
#include "family.hpp"

#include <cohort/testing/witness.hpp>

#include <boost/json/object.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <string_view>

#include <unistd.h>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

/// Asks over a connection of its own, as balancers do.
bool says_ready(std::uint16_t port)
{
    client probe{port};
    return probe.get("/ready").starts_with("HTTP/1.1 200");
}

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

TEST_CASE("on TERM readiness is off first, and everything is served on for stop.drain")
{
    launch how;
    how.exec = PROCESS_PROGRAMS "web";
    how.args = {"--bind", "127.0.0.1:0", "-w", "2"};
    how.env = {"KUBERNETES_SERVICE_HOST=1"};
    running_program app{how};
    const auto port = port_of(app.wait_for_all("listening on port", 2).front());
    REQUIRE(says_ready(port));
    witness_plan load;
    load.server = net::endpoint::internet(net::endpoint::family::tcp, "127.0.0.1", port);
    load.connections = 8;
    load.rate = 200;
    load.duration = 600s;
    load.plain_target = std::string{"/"};  // GCC 12 warns of overlap otherwise
    load.asks.mix = witness_mix::plain();
    auto clients = witness::make(load).value();
    static_cast<void>(clients.run_for(200ms));

    app.signal(SIGTERM);
    // Both workers have heard of it, or so it seems; and one that is born now hears of it, too.
    constexpr int in_a_row = 8;
    const auto all_say_no = [&] {
        static_cast<void>(clients.run_for(10ms));
        for (int i = 0; i < in_a_row; ++i) {
            if (says_ready(port))
                return false;
        }
        return true;
    };
    CHECK(eventually(all_say_no));
    for (const pid_t each : workers_below(app.pid()))
        ::kill(each, SIGKILL);
    CHECK(eventually(all_say_no));
    static_cast<void>(clients.run_for(300ms));
    clients.stop();
    CHECK_MESSAGE(clients.run().good(), clients.report().text());
    client late{port};
    CHECK(late.body_of("/") == "Hello, world");
    CHECK(app.wait().code() == 0);
}
