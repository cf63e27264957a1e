#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>

#include <csignal>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

launch shell(const std::string& script) { return {.exec = "/bin/sh", .args = {"-c", script}}; }

}  // namespace

TEST_CASE("a program's log lines are waited for by what they say")
{
    running_program program{
        shell(R"(echo 'noise'; echo '{"message":"Worker 1 listening on port 81","port":81}')")};
    const auto line = program.wait_for("listening");
    CHECK(line.at("port").as_int64() == 81);
    CHECK(program.wait().success());
}

TEST_CASE("a line that never comes is a failure that shows what came instead")
{
    running_program program{shell("echo '{\"message\":\"hello\"}'; echo oops >&2")};
    CHECK_THROWS_WITH_AS(program.wait_for("good-bye"), doctest::Contains("oops"), failure);
}

TEST_CASE("a program that outlives its test is ended with it")
{
    pid_t pid = 0;
    {
        running_program program{shell("echo '{\"message\":\"up\"}'; exec tail -f /dev/null")};
        program.wait_for("up");
        pid = program.pid();
        CHECK(is_alive(pid));
    }
    CHECK_FALSE(is_alive(pid));
}

TEST_CASE("exit reasons come back as they were")
{
    CHECK(running_program{shell("exit 42")}.wait().code() == 42);
    running_program program{shell("echo '{\"message\":\"up\"}'; exec tail -f /dev/null")};
    program.wait_for("up");
    program.signal(SIGKILL);
    CHECK(program.wait().signal() == SIGKILL);
}

TEST_CASE("children and titles are read from /proc")
{
    running_program program{shell("tail -f /dev/null & echo '{\"message\":\"up\"}'; wait")};
    program.wait_for("up");
    const auto children = children_of(program.pid());
    REQUIRE(children.size() == 1);
    CHECK(eventually([&] { return title_of(children[0]) == "tail -f /dev/null"; }));
    ::kill(children[0], SIGKILL);
    CHECK(eventually([&] { return !is_alive(children[0]); }));
}
