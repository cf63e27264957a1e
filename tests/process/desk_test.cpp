// Operators ask a running cohort over its admin socket, and its primary may die meanwhile.

#include "family.hpp"
#include "kept_server.hpp"
#include "operator_of.hpp"

#include <cohort/control/client.hpp>
#include <cohort/control/entrance.hpp>

#include <boost/json/object.hpp>

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;
using control::answer;
using control::exit_code;
using control::request;

namespace {

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("ls says who serves, where, and with which processes")
{
    kept_server server{{.workers = 2}};
    operator_of ops{server.program(), "regent"};
    const auto said = ops.ask("ls");
    CHECK(said.code == exit_code::done);
    CHECK(said.data.at("app") == "regent");
    CHECK(said.data.at("root") == server.root());
    CHECK(said.data.at("primary") == primary_below(server.root()));
    CHECK(said.data.at("wanted") == 2);
    CHECK(said.data.at("serving") == 2);
    CHECK(said.data.at("listen").as_array().size() == 1);
    std::set<pid_t> pids;
    for (const auto& each : said.data.at("slots").as_array()) {
        CHECK(each.at("stage") == "serving");
        CHECK(each.at("restarts") == 0);
        pids.insert(static_cast<pid_t>(each.at("pid").as_int64()));
    }
    const auto workers = server.workers();
    CHECK(pids == std::set<pid_t>{workers.begin(), workers.end()});
}

TEST_CASE("scaling answers when the truth is known")
{
    kept_server server{{.workers = 1}};
    operator_of ops{server.program(), "regent"};
    CHECK(ops.ask("scale", {{"to", "3"}}).code == exit_code::done);
    CHECK(ops.stages() == names{"serving", "serving", "serving"});
    CHECK(server.workers().size() == 3);
    CHECK(ops.ask("scale", {{"to", "-2"}}).code == exit_code::done);
    CHECK(ops.stages() == names{"serving"});
    CHECK_FALSE(ops.heard.empty());
    CHECK(ops.ask("scale", {{"to", "0"}}).code == exit_code::usage);
    CHECK(ops.ask("scale", {{"to", "lots"}}).code == exit_code::usage);
    CHECK(ops.ask("scale").code == exit_code::usage);
    CHECK(ops.stages() == names{"serving"});
}

TEST_CASE("a drained slot stays empty until it is resumed, and nobody is sent away for it")
{
    kept_server server{{.workers = 2}};
    operator_of ops{server.program(), "regent"};
    const auto before = server.described();
    client connected{server.port()};
    REQUIRE(connected.body_of("/workers").size() > 2);
    CHECK(ops.ask("drain", {}, 1).code == exit_code::done);
    CHECK(ops.stages() == names{"serving", "held"});
    CHECK(server.workers().size() == 1);
    CHECK(connected.body_of("/workers").size() > 2);
    CHECK(ops.ask("drain", {}, 1).code == exit_code::done);  // as it is already
    CHECK(ops.ask("resume", {}, 1).code == exit_code::done);
    CHECK(ops.stages() == names{"serving", "serving"});
    CHECK(ops.ask("resume", {}, 1).code == exit_code::done);
    CHECK(ops.ask("drain", {}, 7).code == exit_code::no_such_cohort);
    CHECK(ops.ask("drain").code == exit_code::usage);
    CHECK(connected.body_of("/workers").size() > 2);
    CHECK(before.workers.size() == 2);
}

TEST_CASE("a slot stays held across the primary's death")
{
    kept_server server{{.workers = 2}};
    operator_of ops{server.program(), "regent"};
    const answer drained = ops.ask("drain", {}, 0);
    REQUIRE_MESSAGE(drained.code == exit_code::done, drained.reason);
    ::kill(primary_below(server.root()), SIGKILL);
    CHECK(eventually([&] { return ops.stages() == names{"held", "serving"}; }));
    CHECK(ops.ask("resume", {}, 0).code == exit_code::done);
    CHECK(ops.stages() == names{"serving", "serving"});
}

TEST_CASE("who asks while the primary is killed gets the answer of the next one")
{
    kept_server server{{.workers = 2}};
    operator_of ops{server.program(), "regent"};
    for (int round = 0; round < 5; ++round) {
        const pid_t primary = primary_below(server.root());
        ::kill(primary, SIGKILL);
        const auto said = ops.ask("ls");
        CHECK(said.code == exit_code::done);
        CHECK(eventually([&] { return ops.ask("ls").data.at("primary") != primary; }));
        CHECK(eventually([&] { return ops.stages() == names{"serving", "serving"}; }));
    }
    CHECK(std::filesystem::exists(server.program().runtime_folder() / "regent.sock"));
}

TEST_CASE("an end and its reason can be asked for afterwards")
{
    kept_server server{{.workers = 1}};
    operator_of ops{server.program(), "regent"};
    const pid_t worker = server.workers().front();
    CHECK(ops.ask("signal", {{"number", SIGKILL}}, 0).code == exit_code::done);
    CHECK(eventually([&] { return ops.ask("show", {}, 0).data.at("restarts") == 1; }));
    const auto end = ops.ask("show", {}, 0).data.at("ends").at(0);
    CHECK(end.at("pid") == worker);
    CHECK(end.at("signal") == SIGKILL);
    const auto why = ops.ask("why");
    CHECK(why.data.at("slots").at(0).at("ends").at(0).at("pid") == worker);
    ops.heard.clear();
    CHECK(ops.ask("events").code == exit_code::done);
    CHECK(std::ranges::count(ops.heard, "end") == 1);
}

TEST_CASE("events are followed as they happen")
{
    kept_server server{{.workers = 1}};
    std::atomic<unsigned> stages{0};
    std::thread follower{[&] {
        control::client over{place_of(server.program(), "regent")};
        request what{"events"};
        what.arguments["follow"] = true;
        what.budget = 0ms;
        static_cast<void>(over.ask(what, control::client::manner::once,
                                   [&](const control::progress&) { ++stages; }));
    }};
    operator_of ops{server.program(), "regent"};
    const unsigned before = stages;
    CHECK(ops.ask("scale", {{"to", "2"}}).code == exit_code::done);
    CHECK(eventually([&] { return stages >= before + 2; }));
    CHECK(server.program().stop().code() == 0);
    follower.join();
}

TEST_CASE("stop answers when everybody has left, and the socket is gone")
{
    kept_server server{{.workers = 2}};
    operator_of ops{server.program(), "regent"};
    const auto said = ops.ask("stop");
    CHECK(said.code == exit_code::done);
    CHECK(server.program().wait().code() == 0);
    CHECK_FALSE(std::filesystem::exists(server.program().runtime_folder() / "regent.sock"));
}

TEST_CASE("the timeline says who stops it: a command, or who sent the signal")
{
    kept_server server{{.workers = 1}};
    operator_of ops{server.program(), "regent"};
    client slow{server.port()};
    ask_for(slow, "/slow/1500");
    std::string by;
    SUBCASE("the command")
    {
        ops.ask("stop", {}, {}, 1ms);
        by = fmt::format(" of user {} over the admin socket", ::getuid());
    }
    SUBCASE("a signal")
    {
        server.program().signal(SIGTERM);
        by = fmt::format("SIGTERM from process {} (", ::getpid());
    }
    boost::json::object event;
    REQUIRE(eventually([&] { return !(event = ops.event("stopping")).empty(); }));
    const std::string said{event.at("by").as_string()};
    CHECK_MESSAGE(said.contains(by), said);
    CHECK_MESSAGE(said.contains(fmt::format("process {} (", ::getpid())), said);
    CHECK(read_answer(slow).contains("\"pid\""));
    CHECK(server.program().wait().code() == 0);
}

TEST_CASE("a stop counts those whom it ended itself, and nobody from before")
{
    kept_server server{{.workers = 2, .file = "[app.regent.stop]\ntimeout = \"300ms\"\n"}};
    operator_of ops{server.program(), "regent"};
    for (const pid_t each : server.workers())
        ::kill(each, SIGSTOP);
    CHECK(ops.ask("scale", {{"to", "1"}}).code == exit_code::done);
    const auto said = ops.ask("stop");
    CHECK(said.code == exit_code::done);
    CHECK_MESSAGE(said.data.at("killed") == 1, said.reason);
    CHECK(server.program().wait().code() == 0);
}

TEST_CASE("a second cohort of the same name is refused, and says who has it")
{
    kept_server server{{.workers = 1}};
    launch how;
    how.exec = PROCESS_PROGRAMS "regent";
    how.args = {"--listen", "127.0.0.1:0", "--name", "regent", "--workers", "1"};
    how.env = {"COHORT_RUNTIME_DIR=" + server.program().runtime_folder().string()};
    running_program second{how};
    CHECK(second.wait().code() == 7);
    const auto& lines = second.lines();
    CHECK(std::ranges::any_of(lines, [](const std::string& line) {
        return line.find("runs already") != std::string::npos;
    }));
    operator_of ops{server.program(), "regent"};
    CHECK(ops.stages() == names{"serving"});
}

TEST_CASE("a socket that a dead cohort left is no reason not to start")
{
    temporary_folder runtime;
    launch how;
    how.exec = PROCESS_PROGRAMS "regent";
    how.args = {"--listen", "127.0.0.1:0", "--name", "regent", "--workers", "1"};
    how.env = {"COHORT_RUNTIME_DIR=" + runtime.path().string()};
    {
        control::viewpoint from = control::viewpoint::here();
        from.variable = [&](const char*) { return std::optional{runtime.path().string()}; };
        const auto stale = control::entrance::open(
            "regent", from, [](const std::filesystem::path&) { return false; });
        REQUIRE(stale);
    }
    REQUIRE(std::filesystem::exists(runtime.path() / "regent.sock"));
    running_program program{how};
    program.wait_for("listening on port");
    CHECK(control::who_listens(runtime.path() / "regent.sock"));
}

TEST_CASE("how often a slot's worker was replaced, and why, outlives the primary")
{
    kept_server server{{.workers = 1}};
    operator_of ops{server.program(), "regent"};
    const pid_t worker = server.workers().front();
    CHECK(ops.ask("signal", {{"number", SIGKILL}}, 0).code == exit_code::done);
    CHECK(eventually([&] { return ops.ask("show", {}, 0).data.at("restarts") == 1; }));
    const auto before = ops.ask("show", {}, 0).data.at("last_end").as_object();
    ::kill(primary_below(server.root()), SIGKILL);
    server.program().wait_for("goes on where one that died stopped");
    const auto after = ops.ask("show", {}, 0);
    CHECK(after.data.at("restarts") == 1);
    CHECK(after.data.at("last_end").as_object() == before);
    CHECK(before.at("pid") == worker);
}

TEST_CASE("a cohort of which every slot is drained does not look healthy")
{
    kept_server server{{.workers = 2, .file = "[app.regent.reload]\nsoak = \"0s\"\n"}};
    operator_of ops{server.program(), "regent"};
    CHECK(ops.ask("drain", {}, 0).reason.find("nobody serves") == std::string::npos);
    CHECK(ops.ask("drain", {}, 1).reason.find("nobody serves") != std::string::npos);
    server.program().wait_for("nobody serves any more");
    const auto said = ops.ask("reload");
    CHECK(said.code == exit_code::degraded);
    CHECK_MESSAGE(said.reason.find("nobody serves") != std::string::npos, said.reason);
}

TEST_CASE("a stop during a reload waits for nothing, and is no failure of it")
{
    kept_server server{{.workers = 2, .file = "[app.regent.reload]\nsoak = \"60s\"\n"}};
    answer reloaded;
    std::thread reloader{[&] {
        operator_of other{server.program(), "regent"};
        reloaded = other.ask("reload");
    }};
    const bool soaks = eventually([&] {
        operator_of ops{server.program(), "regent"};
        return ops.stages().size() == 3 && ops.stages().back() == "serving";
    });
    const auto end = server.program().stop();
    reloader.join();
    CHECK(soaks);
    CHECK(end.code() == 0);
    CHECK(reloaded.code == exit_code::refused);
    CHECK_MESSAGE(reloaded.reason == "the cohort is stopping", reloaded.reason);
    for (const std::string& line : server.program().lines())
        CHECK_MESSAGE(line.find("reload: seat workers") == std::string::npos, line);
}

TEST_CASE("a number that cannot be reached changes nothing")
{
    kept_server server{{.workers = 2}};
    operator_of ops{server.program(), "regent"};
    const pid_t primary = primary_below(server.root());
    CHECK(ops.ask("ls").data.at("wanted") == 2);
    const rlim_t limit = limit_descriptors(primary, descriptors_of(primary) + 8);
    const auto said = ops.ask("scale", {{"to", "40"}});
    limit_descriptors(primary, limit);
    CHECK(said.code == exit_code::refused);
    CHECK(ops.ask("ls").data.at("wanted") == 2);
    CHECK(ops.ask("scale", {{"to", "2"}}).code == exit_code::done);
    CHECK(ops.stages() == names{"serving", "serving"});
}
