// The cluster by itself: messages, listening, births and ends, checked from inside.

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <set>
#include <string>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

launch scenario(const std::string& program, const std::string& name,
                std::vector<std::string> more = {})
{
    launch how;
    how.exec = PROCESS_PROGRAMS + program;
    how.args = {name};
    how.args.insert(how.args.end(), more.begin(), more.end());
    return how;
}

/// The scenario says ok and ends with 0.
void check(const std::string& exec, const std::string& name)
{
    CAPTURE(name);
    running_program program{scenario(exec, name)};
    CHECK_NOTHROW(program.wait_for("ok"));
    CHECK(program.wait().code() == 0);
}

}  // namespace

TEST_CASE("requests have answers, deadlines and failures in words, also between workers")
{
    check("talk", "requests");
}

TEST_CASE("a message may have 64 MiB, and not one byte more") { check("talk", "big"); }

TEST_CASE("a worker that dies in the middle of a message costs that message only")
{
    check("talk", "dying");
}

TEST_CASE("disconnecting a worker twice, or after its end, changes nothing")
{
    check("raw", "disconnecting");
}

TEST_CASE("messages that come before the program listens wait for it") { check("talk", "early"); }

TEST_CASE("a live connection goes through two processes to a third, and goes on")
{
    check("talk", "handing");
}

TEST_CASE("a broadcast reaches everybody but its sender") { check("talk", "broadcast"); }

TEST_CASE("listening follows Node's rules: port 0, twice, again, exclusive, and errors")
{
    check("raw", "listening");
}

TEST_CASE("a worker may be another program, with environment, streams and exit code")
{
    check("raw", "executed");
}

TEST_CASE("a program that dies at its start is given up slot by slot, with exit code 5")
{
    running_program program{scenario("raw", "crashing")};
    program.wait_for("given up", 30s);
    CHECK(program.wait().code() == 5);
}

TEST_CASE("a loop around accept with plain sockets serves, drains and ends in peace")
{
    running_program program{scenario("raw", "echo", {"-w", "2"})};
    const auto lines = program.wait_for_all("listening on port", 2);
    const auto port = port_of(lines.front());
    std::set<char> ids;
    CHECK(eventually([&] {
        client one{port};
        one.send("hello\n");
        const std::string answer = one.receive_until("\n");
        CHECK(answer.substr(1) == " hello\n");
        ids.insert(answer.front());
        return ids.size() == 2;
    }));

    client in_flight{port};
    in_flight.send("unfinished");
    // The next connection is accepted after this one: then it is somebody's.
    for (int i = 0; i < 4; ++i) {
        client after{port};
        after.send("x\n");
        after.receive_until("\n");
    }
    program.signal(SIGTERM);
    program.wait_for("stopping");
    in_flight.send(" business\n");
    CHECK(in_flight.receive_until("\n").find("unfinished business") != std::string::npos);
    for (int i = 0; i < 2; ++i)
        CHECK(program.wait_for("left: exit code").at("code").as_int64() == 0);
    CHECK(program.wait().code() == 0);
}
