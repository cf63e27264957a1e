// All slots are drained at once: by the verb, and by a signal that means it in the background only.
#include "family.hpp"
#include "kept_server.hpp"
#include "operator_of.hpp"

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace cohort;
using namespace cohort::testing;
using control::exit_code;

namespace {

/// programs/regent.cpp without a terminal, behind `before` if that names a program.
class windowless {
public:
    explicit windowless(std::vector<std::string> env, std::vector<std::string> before = {})
        : program_{prepare(std::move(env), std::move(before))}
    {
        program_.wait_for_all("listening on port", 2);
    }
    [[nodiscard]] running_program& program() noexcept { return program_; }

private:
    launch prepare(std::vector<std::string> env, std::vector<std::string> before) const
    {
        const auto file = folder_.path() / "cohort.toml";
        std::ofstream{file} << "[app.regent]\nlisten = [\"127.0.0.1:0\"]\nworkers = 2\n";
        launch how{.exec = "/usr/bin/setsid", .args = std::move(before), .env = std::move(env)};
        for (const std::string& each :
             {std::string{PROCESS_PROGRAMS} + "regent", std::string{"--config"}, file.string(),
              std::string{"--name"}, std::string{"regent"}})
            how.args.push_back(each);
        return how;
    }

    temporary_folder folder_;
    running_program program_;
};

const std::vector<std::string> as_service{"COHORT_BACKGROUND=1",
                                          "INVOCATION_ID=", "NOTIFY_SOCKET="};

}  // namespace

TEST_CASE("drain says that all slots are empty when nobody is left, whoever sent them away")
{
    kept_server server{{.workers = 3, .file = "[app.regent.stop]\ntimeout = \"30s\""}};
    operator_of ops{server.program(), "regent"};
    // Those in slots 1 and 2 have a request that takes a while, slot 0 has none.
    std::vector<client> idle;
    std::map<std::int64_t, client> busy;
    while (busy.size() < 2 && idle.size() < 100) {
        client each{server.port()};
        const auto slot = boost::json::parse(each.body_of("/who")).at("slot").as_int64();
        if (slot == 0 || busy.contains(slot))
            idle.push_back(std::move(each));
        else
            busy.emplace(slot, std::move(each));
    }
    REQUIRE(busy.size() == 2);
    for (auto& [slot, each] : busy)
        each.send("GET /slow/5000 HTTP/1.1\r\nHost: x\r\n\r\n");
    REQUIRE(eventually([&] {
        const auto said = ops.ask("ls");
        const auto& slots = said.data.at("slots").as_array();
        return std::ranges::count_if(slots, [](const boost::json::value& each) {
                   return each.at("running").to_number<unsigned>() == 1;
               }) == 2;
    }));
    CHECK(ops.ask("scale", {{"to", "1"}}, {}, milliseconds{1}).code == exit_code::timed_out);
    REQUIRE(server.workers().size() == 3);
    const auto said = ops.ask("drain", {{"all", true}});
    CHECK(server.workers().empty());
    CHECK_MESSAGE(said.code == exit_code::done, said.reason);
    CHECK(said.data.at("held").as_int64() == 1);
    for (auto& [slot, each] : busy)
        CHECK(each.receive_until("}").find("200 OK") != std::string::npos);
    CHECK(server.program().stop().success());
}

TEST_CASE("WINCH empties all slots of a service, and resume fills them")
{
    windowless server{as_service};
    operator_of ops{server.program(), "regent"};
    ::kill(server.program().pid(), SIGWINCH);
    CHECK(eventually([&] { return ops.ask("ls").data.at("held").as_int64() == 2; }));
    CHECK(eventually([&] { return workers_below(server.program().pid()).empty(); }));
    const auto said = ops.ask("resume", {{"all", true}});
    CHECK_MESSAGE(said.code == exit_code::done, said.reason);
    const auto drained = ops.ask("drain", {{"all", true}});
    CHECK_MESSAGE(drained.code == exit_code::done, drained.reason);
    CHECK(drained.data.at("held").as_int64() == 2);
    CHECK(server.program().stop().success());
}

TEST_CASE("WINCH is what a window says in the foreground, and one line of the log")
{
    windowless server{{"COHORT_BACKGROUND=", "INVOCATION_ID=", "NOTIFY_SOCKET="}};
    operator_of ops{server.program(), "regent"};
    ::kill(server.program().pid(), SIGWINCH);
    server.program().wait_for("`cohort drain regent` drains");
    CHECK(ops.ask("ls").data.at("serving").as_int64() == 2);
    CHECK(server.program().stop().success());
}

TEST_CASE("WINCH from another pid namespace counts as any other")
{
    if (::geteuid() != 0) {
        MESSAGE("namespaces are root's: skipped");
        return;
    }
    const std::vector<std::string> apart{"/usr/bin/unshare", "--pid", "--fork", "--kill-child"};
    const auto root_of = [](windowless& server) {
        return children_of(server.program().pid()).at(0);
    };
    {
        windowless server{as_service, apart};
        ::kill(root_of(server), SIGWINCH);
        server.program().wait_for("all workers are drained");
        ::kill(root_of(server), SIGTERM);
        CHECK(server.program().wait().success());
    }
    windowless server{{"COHORT_BACKGROUND=", "INVOCATION_ID=", "NOTIFY_SOCKET="}, apart};
    ::kill(root_of(server), SIGWINCH);
    server.program().wait_for("`cohort drain regent` drains");
    ::kill(root_of(server), SIGTERM);
    CHECK(server.program().wait().success());
}
