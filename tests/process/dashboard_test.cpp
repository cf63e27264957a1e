// The dashboard's process comes when somebody asks, and what it says is true: a real cohort.

#include "dashboard_door.hpp"
#include "family.hpp"
#include "kept_server.hpp"
#include "operator_of.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/stat.h>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

using names = std::vector<std::string>;

std::vector<pid_t> dashboards_below(pid_t root) { return titled_below(root, "cohort: dashboard"); }

answered ask(std::uint16_t port, std::string_view line, std::string_view token = {})
{
    const std::string more =
        token.empty() ? std::string{} : fmt::format("Authorization: Bearer {}\r\n", token);
    return exchange(client{port}, line, more, {});
}

std::string token_of(kept_server& server)
{
    std::ifstream file{server.program().runtime_folder() / "regent.token"};
    std::string text;
    std::getline(file, text);
    return text;
}

/// The process that serves it, once it is another one than `before`.
pid_t dashboard_after(kept_server& server, pid_t before)
{
    pid_t found = 0;
    static_cast<void>(eventually([&] {
        const auto all = dashboards_below(server.root());
        found = all.size() == 1 && all.front() != before ? all.front() : 0;
        return found != 0;
    }));
    return found;
}

}  // namespace

TEST_CASE("nobody asks: there is no process; somebody does: there is one, and it is no worker")
{
    kept_server server{{.workers = 2}};
    CHECK(dashboards_below(server.root()).empty());
    const answered state = ask(server, "GET /api/v1/state");
    REQUIRE_MESSAGE(state.is(200), state.all);
    CHECK(dashboards_below(server.root()).size() == 1);
    const auto seen = state.json();
    CHECK(seen.at("cohort").at("name") == "regent");
    CHECK(seen.at("cohort").at("state") == "serving");
    CHECK(seen.at("cohort").at("pid") == server.root());
    CHECK(seen.at("workers").as_array().size() == 2);
    operator_of ops{server.program(), "regent"};
    CHECK(ops.ask("ls").data.at("serving") == 2);
    CHECK(server.workers().size() == 2);
    CHECK(ask(server, "GET /readyz").is(200));
    CHECK(ask(server, "GET /livez").is(200));
    CHECK(ask(server, "GET /metrics").is(200));
    CHECK(dashboards_below(server.root()).size() == 1);
    struct stat door{};
    REQUIRE(::stat(door_of(server).c_str(), &door) == 0);
    CHECK((door.st_mode & 0777) == 0600);
    // What it does not need it does not have: a few descriptors, whatever the primary holds.
    CHECK(descriptors_of(dashboards_below(server.root()).front()) < 20);
}

TEST_CASE("strangers talk to it: it can do little besides answering them")
{
    kept_server server{{.workers = 1}};
    REQUIRE(ask(server, "GET /readyz").is(200));
    const pid_t its = dashboard_after(server, 0);
    REQUIRE(its != 0);
    const std::string status = read_about(its, "status");
    CAPTURE(status);
    for (const char* each : {"NoNewPrivs:\t1\n", "Seccomp:\t2\n", "CapInh:\t0000000000000000\n",
                             "CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n",
                             "CapAmb:\t0000000000000000\n"})
        CHECK(status.contains(each));
    // As root it could have kept some for programs that it executes, if it could execute any.
    if (::geteuid() == 0)
        CHECK(status.contains("CapBnd:\t0000000000000000\n"));
    // Its primary's files are its user's; those of the workers it could be signalled by.
    CHECK(status.contains(fmt::format("Uid:\t{0}\t{0}\t{0}\t{0}\n", ::geteuid())));
}

TEST_CASE("what it may not open itself it shows all the same")
{
    const temporary_folder folder;
    const auto log = folder.path() / "regent.log";
    std::string more = fmt::format("[log]\nto = \"file:{}\"\n", log.string());
    SUBCASE("workers are as the primary") {}
    SUBCASE("workers are of another user")
    {
        if (::geteuid() != 0)
            return;
        more = "user = \"65534\"\n" + more;
    }
    SUBCASE("workers are in a sandbox") { more += "[app.regent.sandbox]\nprofile = \"server\"\n"; }
    kept_server server{{.workers = 1, .wait_for_start = false, .file = more}};
    REQUIRE(eventually([&] {
        try {
            return ask(server, "GET /readyz").is(200);
        } catch (const failure&) {
            return false;  // its door is not there yet, or nobody listens at it
        }
    }));
    const auto worker_of = [&] {
        return ask(server, "GET /api/v1/state").json().at("workers").at(0).as_object();
    };
    CHECK(eventually([&] { return worker_of().at("pss_bytes").is_int64(); }));
    CHECK(worker_of().at("fds").is_int64());
    CHECK(ask(server, "GET /api/v1/logs").all.contains("listening on port"));

    const pid_t before = server.workers().front();
    const auto id = worker_of().at("id").as_int64();
    ::kill(before, SIGSEGV);
    CHECK(eventually([&] {
        const answered report = ask(server, fmt::format("GET /api/v1/why/0/{}", id));
        return report.is(200) && report.body().contains(fmt::format("pid {}", before));
    }));
    CHECK(eventually([&] {
        const auto now = worker_of();
        return now.at("pid") != before && now.at("pss_bytes").is_int64();
    }));
    CHECK(ask(server, "GET /api/v1/why/0/4000000").is(404));

    // Somebody moves the log: what it logs from now on is in the new one.
    std::filesystem::rename(log, folder.path() / "regent.log.1");
    CHECK(eventually([&] {
        static_cast<void>(ask(server, "POST /api/v1/level"));
        return ask(server, "GET /api/v1/logs?grep=an%20order%20over").all.contains("level");
    }));
}

TEST_CASE("it dies: the next request is answered")
{
    kept_server server{{.workers = 1}};
    pid_t last = 0;
    for (int round = 0; round < 3; ++round) {
        REQUIRE(ask(server, "GET /livez").is(200));
        const pid_t now = dashboard_after(server, last);
        REQUIRE(now != 0);
        last = now;
        ::kill(now, SIGKILL);
        CHECK(eventually([&] { return !is_alive(now); }));
    }
    CHECK(ask(server, "GET /livez").is(200));
    CHECK(server.workers().size() == 1);
}

TEST_CASE("it hangs: it is killed, and the next one is asked")
{
    kept_server server{{.workers = 1}};
    REQUIRE(ask(server, "GET /livez").is(200));
    const pid_t hangs = dashboard_after(server, 0);
    REQUIRE(hangs != 0);
    ::kill(hangs, SIGSTOP);
    CHECK(eventually([&] { return !is_alive(hangs); }));
    CHECK(ask(server, "GET /livez").is(200));
    CHECK(ask(server, "GET /metrics")
              .all.contains("cohort_dashboard_restarts_total{reason=\"silent\"} 1"));
    CHECK(server.workers().size() == 1);
}

TEST_CASE("the primary dies: the dashboard goes with it, and the next one's is asked")
{
    const std::uint16_t port = free_port();
    kept_server server{
        {.workers = 2, .file = fmt::format("[admin]\nhttp = \"127.0.0.1:{}\"", port)}};
    const std::string token = token_of(server);
    REQUIRE(ask(port, "GET /api/v1/state", token).is(200));
    const pid_t before = dashboard_after(server, 0);
    const pid_t primary = primary_below(server.root());
    ::kill(primary, SIGKILL);
    CHECK(eventually([&] { return !is_alive(before); }));
    // Who asks now waits at the door.
    const answered local = ask(server, "GET /api/v1/state");
    CHECK_MESSAGE(local.is(200), local.all);
    CHECK(token_of(server) == token);
    const answered remote = ask(port, "GET /api/v1/state", token);
    CHECK_MESSAGE(remote.is(200), remote.all);
    CHECK(dashboards_below(server.root()).size() == 1);
}

TEST_CASE("the primary is upgraded: who knocks afterwards finds the same doors")
{
    const std::uint16_t port = free_port();
    kept_server server{
        {.workers = 1, .file = fmt::format("[admin]\nhttp = \"127.0.0.1:{}\"", port)}};
    const std::string token = token_of(server);
    REQUIRE(ask(port, "GET /api/v1/state", token).is(200));
    const pid_t before = dashboard_after(server, 0);
    operator_of ops{server.program(), "regent"};
    const auto said = ops.ask("upgrade");
    REQUIRE_MESSAGE(said.code == control::exit_code::done, said.reason);
    CHECK(eventually([&] { return !is_alive(before); }));
    CHECK(ask(server, "GET /readyz").is(200));
    CHECK(ask(port, "GET /api/v1/state", token).is(200));
    CHECK(token_of(server) == token);
}

TEST_CASE("over TCP the token is asked for, which lies where only its owner can read it")
{
    const std::uint16_t port = free_port();
    kept_server server{
        {.workers = 1, .file = fmt::format("[admin]\nhttp = \"127.0.0.1:{}\"", port)}};
    const auto path = server.program().runtime_folder() / "regent.token";
    struct stat file{};
    REQUIRE(::stat(path.c_str(), &file) == 0);
    CHECK((file.st_mode & 0777) == 0600);
    const std::string token = token_of(server);
    CHECK(ask(port, "GET /api/v1/state").is(401));
    CHECK(ask(port, "GET /api/v1/state", token + "x").is(401));
    CHECK(ask(port, "POST /api/v1/stop").is(401));
    CHECK(ask(port, "GET /metrics").is(401));
    CHECK(ask(port, "GET /metrics", token).is(200));
    CHECK(ask(port, "GET /api/v1/state", token).is(200));
    CHECK(ask(port, "GET /readyz").is(200));
    CHECK(server.program().stop().code() == 0);
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK_FALSE(std::filesystem::exists(door_of(server)));
}

TEST_CASE("a worker is drained, resumed and restarted over the API")
{
    kept_server server{{.workers = 2}};
    operator_of ops{server.program(), "regent"};
    const answered drained = ask(server, "POST /api/v1/workers/1/drain");
    REQUIRE_MESSAGE(drained.is(200), drained.all);
    CHECK(drained.json().at("exit") == 0);
    CHECK(ops.stages() == names{"serving", "held"});
    const auto seen = ask(server, "GET /api/v1/workers/1").json();
    CHECK(seen.at("data").at("stage") == "held");
    CHECK(ask(server, "POST /api/v1/workers/1/resume").is(200));
    CHECK(ops.stages() == names{"serving", "serving"});
    const auto before = ops.ask("show", {}, 1).data.at("worker").as_int64();
    const answered again = ask(server, "POST /api/v1/workers/1/restart");
    REQUIRE_MESSAGE(again.is(200), again.all);
    CHECK(ops.ask("show", {}, 1).data.at("worker").as_int64() != before);
    CHECK(ops.stages() == names{"serving", "serving"});
    CHECK(ask(server, "POST /api/v1/workers/7/drain").is(404));
    const answered scaled = ask(server, "POST /api/v1/scale", R"({"to":"3"})");
    CHECK(scaled.json().at("reason") == "3 of 3 workers serve");
    CHECK(server.workers().size() == 3);
    server.program().wait_for("an order over HTTP: drain slot 1");
}

TEST_CASE("a death is seen in the state, and in why")
{
    kept_server server{{.workers = 1}};
    const pid_t worker = server.workers().front();
    REQUIRE(ask(server, "GET /api/v1/state").is(200));
    ::kill(worker, SIGSEGV);
    CHECK(eventually([&] {
        const auto seen = ask(server, "GET /api/v1/state").json();
        const auto& crashes = seen.at("crashes").as_array();
        return crashes.size() == 1 && crashes.front().at("pid") == worker &&
               seen.at("workers").at(0).at("restarts_hour") == 1;
    }));
    const auto why = ask(server, "GET /api/v1/why/0").json();
    CHECK(why.at("data").at("slots").at(0).at("ends").at(0).at("pid") == worker);
}

TEST_CASE("who listens hears one state after another")
{
    kept_server server{{.workers = 1}};
    client over = client::to_unix(door_of(server));
    over.send("GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::string heard = over.receive_until("event: state");
    CHECK(heard.contains("text/event-stream"));
    heard = over.receive_until("event: state");
    CHECK(heard.contains("\"workers\":[{\"slot\":0"));
}

TEST_CASE("who stops the cohort over the API hears that it has stopped")
{
    kept_server server{{.workers = 2}};
    const answered said = ask(server, "POST /api/v1/stop");
    CHECK_MESSAGE(said.is(200), said.all);
    CHECK(said.json().at("reason") == "stopped");
    CHECK(server.program().wait().code() == 0);
}

TEST_CASE("where anything is to be sent, somebody is there from the start")
{
    std::string signal;
    SUBCASE("spans") { signal = "TRACES"; }
    SUBCASE("metrics") { signal = "METRICS"; }
    SUBCASE("logs") { signal = "LOGS"; }
    CAPTURE(signal);
    kept_server server{{.workers = 1,
                        .file = "[app.regent.env]\nOTEL_EXPORTER_OTLP_" + signal +
                                "_ENDPOINT = \"http://127.0.0.1:9\""}};
    const pid_t first = dashboard_after(server, 0);
    CHECK(first != 0);
    CHECK(ask(server, "GET /livez").is(200));
    CHECK(dashboards_below(server.root()) == std::vector<pid_t>{first});
    ::kill(first, SIGKILL);
    CHECK(dashboard_after(server, first) != 0);
}

TEST_CASE("plain: without keepers it is the same")
{
    kept_server server{{.workers = 1, .file = "keepers = false"}};
    CHECK(ask(server, "GET /readyz").is(200));
    CHECK(titled_below(server.root(), "cohort: dashboard").size() == 1);
    CHECK(server.program().stop().code() == 0);
}
