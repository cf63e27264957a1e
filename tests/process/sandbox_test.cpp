// Workers in a sandbox: what they cannot do any more, and that they serve, die, and are followed
// like all others.

#include "api_server.hpp"
#include "family.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::testing;

namespace {

/// programs/caged.cpp, running. A resource.
class caged_server {
public:
    explicit caged_server(std::string_view profile, std::string keepers = "on",
                          std::vector<std::string> env = {})
        : program_{prepare(profile, std::move(keepers), std::move(env))}
    {
        const auto lines = program_.wait_for_all("listening on port", 2);
        port_ = net::endpoint::parse(lines.front().at("endpoint").as_string()).value().port();
    }

    [[nodiscard]] running_program& program() noexcept { return program_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// Has its log said that?
    [[nodiscard]] bool said(std::string_view words)
    {
        return std::ranges::any_of(program_.lines(), [words](const std::string& line) {
            return line.find(words) != std::string::npos;
        });
    }

    /// What a worker's errno is after it tried.
    [[nodiscard]] int errno_of(const std::string& path) const
    {
        client over{port_};
        return static_cast<int>(
            boost::json::parse(over.body_of(path)).as_object().at("errno").as_int64());
    }

private:
    launch prepare(std::string_view profile, std::string keepers,
                   std::vector<std::string> env) const
    {
        launch how;
        how.exec = PROCESS_PROGRAMS "caged";
        how.args = {"--bind", "127.0.0.1:0", "-w",        "2",
                    "--name", "caged",       "--keepers", std::move(keepers)};
        how.env = {fmt::format("PROFILE={}", profile),
                   fmt::format("WRITES={}", own_.path().string()), "FOREIGN=/var"};
        how.env.insert(how.env.end(), env.begin(), env.end());
        return how;
    }

    temporary_folder own_;
    running_program program_;
    std::uint16_t port_ = 0;
};

bool runs_as_root() { return ::geteuid() == 0; }

}  // namespace

TEST_CASE("strict: a worker serves, and cannot execute, trace, or write outside its folders")
{
    for (const char* keepers : {"on", "off"}) {
        CAPTURE(keepers);
        caged_server app{"strict", keepers};
        CHECK(app.said("workers live in sandbox strict"));
        CHECK(app.errno_of("/who") == 0);
        CHECK(app.errno_of("/lane") == 0);
        CHECK(app.errno_of("/attempt/execute") == EPERM);
        CHECK(app.errno_of("/attempt/become") == EPERM);
        CHECK(app.errno_of("/attempt/trace") == EPERM);
        CHECK(app.errno_of("/attempt/peek") == EACCES);
        CHECK(app.errno_of("/write/own") == 0);
        CHECK(app.errno_of("/write/foreign") == EACCES);
        CHECK(app.program().stop().code() == 0);
    }
}

TEST_CASE("server: a worker may execute, and leaves other processes and the system alone")
{
    caged_server app{"server"};
    CHECK(app.said("workers live in sandbox server"));
    CHECK(app.errno_of("/lane") == 0);
    CHECK(app.errno_of("/attempt/execute") == 0);
    CHECK(app.errno_of("/attempt/trace") == EPERM);
    CHECK(app.errno_of("/attempt/peek") == EACCES);
    CHECK(app.errno_of("/write/own") == 0);
    CHECK(app.errno_of("/write/foreign") == EACCES);
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("a worker in a sandbox is not answered by the dashboard, which is in one itself")
{
    for (const char* profile : {"strict", "server", "off"}) {
        CAPTURE(profile);
        caged_server app{profile};
        const bool caged = std::string_view{profile} != "off";
        CHECK(app.errno_of("/attempt/dashboard") == (caged ? ECONNRESET : 0));
        if (caged)
            app.program().wait_for("may not ask this cohort, and connected to its dashboard");
        CHECK(app.program().stop().code() == 0);
    }
}

TEST_CASE("without a profile a worker does what its user may")
{
    caged_server app{"off"};
    CHECK_FALSE(app.said("workers live in"));
    CHECK(app.errno_of("/attempt/execute") == 0);
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("kept: a worker under strict crashes and is killed, and no connection notices")
{
    std::vector<std::string> env;
    SUBCASE("as it was started") {}
    SUBCASE("as another user")
    {
        if (!runs_as_root())
            return;
        env = {"DROPS_TO=65534"};
    }
    caged_server app{"strict", "on", env};
    std::vector<client> idle;
    for (int i = 0; i < 16; ++i) {
        idle.emplace_back(app.port());
        who_is(idle.back());
    }
    const auto all_are_answered = [&] {
        for (client& each : idle)
            CHECK_NOTHROW(who_is(each));
    };
    for (int round = 0; round < 3; ++round) {
        for (const pid_t each : workers_below(app.program().pid()))
            ::kill(each, SIGKILL);
        all_are_answered();
    }
    client crasher{app.port()};
    ask_for(crasher, "/crash");
    const std::string head = crasher.receive_until("\r\n\r\n");
    CHECK(head.starts_with("HTTP/1.1 500"));
    all_are_answered();
    // The successor lives in the same sandbox.
    CHECK(app.errno_of("/attempt/execute") == EPERM);
    CHECK(app.errno_of("/write/foreign") == EACCES);
    CHECK(app.program().stop().code() == 0);
}
