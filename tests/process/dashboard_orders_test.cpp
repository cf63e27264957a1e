// Orders that come over the dashboard's API are carried out by a real cohort, and what they answer
// is true.

#include "dashboard_door.hpp"
#include "operator_of.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/base/unique_fd.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/fanotify.h>

using namespace cohort;
using namespace cohort::testing;

namespace {

namespace fs = std::filesystem;

boost::json::object state_of(kept_server& server)
{
    const answered said = ask(server, "GET /api/v1/state");
    REQUIRE_MESSAGE(said.is(200), said.all);
    return said.json();
}

/// The answer to an order that is done.
boost::json::object done(kept_server& server, std::string_view path, std::string_view body = {})
{
    const answered said = ask(server, fmt::format("POST /api/v1/{}", path), body);
    CAPTURE(path);
    REQUIRE_MESSAGE(said.is(200), said.all);
    const auto words = said.json();
    CHECK(words.at("exit") == 0);
    CHECK(words.at("outcome") == "done");
    return words;
}

/// Asked of the primary, so it is true at once; the state is up to a second old.
std::int64_t generation_of(kept_server& server)
{
    return ask(server, "GET /api/v1/cohort").json().at("data").at("generation").as_int64();
}

std::string_view text(const boost::json::value& of) { return std::string_view{of.as_string()}; }

kept_plan quick_reloads(unsigned workers)
{
    return {.workers = workers, .file = "[app.regent.reload]\nsoak = \"0\""};
}

}  // namespace

TEST_CASE("reload, rollback and plan over HTTP: generations go up, and back")
{
    kept_server server{quick_reloads(2)};
    const auto before = server.workers();
    CHECK(done(server, "plan").at("data").is_object());
    CHECK(server.workers() == before);
    const auto generation = generation_of(server);
    done(server, "reload", R"({"budget_ms":60000})");
    CHECK(generation_of(server) == generation + 1);
    const auto after = server.workers();
    CHECK(after.size() == 2);
    CHECK(after != before);
    done(server, "rollback");
    CHECK(server.workers() != after);
    CHECK(server.described().workers.size() == 2);
    CHECK(eventually(
        [&] { return state_of(server).at("cohort").at("generation") == generation_of(server); }));
}

TEST_CASE("levels over HTTP are those of the workers")
{
    kept_server server{{.workers = 2}};
    CHECK(text(done(server, "workers/1/level", R"({"level":"debug"})").at("reason"))
              .contains("1: debug"));
    CHECK(text(ask(server, "GET /api/v1/workers/1/level").json().at("reason")) == "slot 1: debug");
    const auto all = ask(server, "GET /api/v1/level").json();
    CHECK_MESSAGE(text(all.at("reason")).contains("0: info"), text(all.at("reason")));
    CHECK(text(done(server, "level", R"({"level":"warn"})").at("reason")).contains("1: warn"));
    CHECK(text(done(server, "level", R"({"level":"default"})").at("reason")).contains("0: info"));
    CHECK(ask(server, "POST /api/v1/level", R"({"level":"loud"})").is(400));
    CHECK(ask(server, "POST /api/v1/workers/9/level", R"({"level":"debug"})").is(404));
}

TEST_CASE("stacks, signals and messages over HTTP come to the worker that is meant")
{
    kept_server server{{.workers = 2}};
    const auto dumped = done(server, "workers/1/dump", R"({"patience_ms":5000})");
    const auto& one = dumped.at("data").at("slots").at(0).as_object();
    CHECK(one.at("slot") == 1);
    CHECK(one.at("pid") == ask(server, "GET /api/v1/workers/1").json().at("data").at("pid"));
    const auto& frames = one.at("threads").at(0).at("frames").as_array();
    CHECK_MESSAGE(!frames.empty(), boost::json::serialize(one));
    CHECK(ask(server, "POST /api/v1/workers/1/dump", R"({"patience_ms":0})").is(400));

    const auto before = server.workers();
    const std::string harmless = fmt::format(R"({{"number":{}}})", SIGCONT);
    CHECK(done(server, "workers/0/signal", harmless).at("reason") == "SIGCONT sent to 1 worker");
    CHECK(done(server, "signal", harmless).at("reason") == "SIGCONT sent to 2 workers");
    CHECK(server.workers() == before);
    CHECK(ask(server, "POST /api/v1/signal", R"({"number":0})").is(400));
    CHECK(done(server, "send", R"({"message":{"a":1}})").at("reason") == "sent to 2 workers");
    CHECK(done(server, "workers/1/send", R"({"message":1})").at("reason") == "sent to 1 worker");
    CHECK(ask(server, "POST /api/v1/send").is(400));
    const std::string deadly = fmt::format(R"({{"number":{}}})", SIGKILL);
    done(server, "workers/0/signal", deadly);
    CHECK(eventually(
        [&] { return server.described().workers.size() == 2 && server.workers() != before; }));
}

TEST_CASE("all slots are emptied and filled over HTTP")
{
    kept_server server{{.workers = 2}};
    operator_of ops{server.program(), "regent"};
    using names = std::vector<std::string>;
    done(server, "drain");
    CHECK(ops.stages() == names{"held", "held"});
    CHECK(eventually([&] { return ask(server, "GET /readyz").is(503); }));
    CHECK(ask(server, "GET /livez").is(200));
    done(server, "resume");
    CHECK(ops.stages() == names{"serving", "serving"});
    CHECK(eventually([&] { return ask(server, "GET /readyz").is(200); }));
}

TEST_CASE("log lines over HTTP are those of the file, which is opened anew when it is told")
{
    temporary_folder folder;
    const fs::path file = folder.path() / "regent.log";
    kept_server server{{.workers = 2,
                        .wait_for_start = false,
                        .file = fmt::format("[log]\nto = \"file:{}\"", file.string())}};
    REQUIRE(eventually([&] {
        return fs::exists(door_of(server)) &&
               state_of(server).at("cohort").at("workers_ready") == 2;
    }));
    done(server, "workers/1/level", R"({"level":"debug"})");
    const auto lines = ask(server, "GET /api/v1/logs?last=1000&grep=over%20HTTP").json();
    REQUIRE(text(lines.at("data").at("file")) == file.string());
    const auto& found = lines.at("data").at("lines").as_array();
    REQUIRE(found.size() == 1);
    CHECK(text(found.front()).contains("level slot 1"));
    const auto pid = ask(server, "GET /api/v1/workers/0").json().at("data").at("pid").as_int64();
    const auto own = ask(server, "GET /api/v1/workers/0/logs").json();
    CHECK_FALSE(own.at("data").at("lines").as_array().empty());
    for (const auto& each : own.at("data").at("lines").as_array())
        CHECK(text(each).contains(fmt::format("\"pid\":{}", pid)));

    fs::rename(file, folder.path() / "aside.log");
    done(server, "reopen");
    CHECK(fs::exists(file));
    CHECK(ask(server, "GET /api/v1/logs?level=nonsense").is(400));
    CHECK(ask(server, "GET /api/v1/logs?last=0").is(400));
}

TEST_CASE("events over HTTP are those of the primary, and a crash report is that of the file")
{
    kept_server server{{.workers = 2}};
    const auto worker =
        ask(server, "GET /api/v1/workers/1").json().at("data").at("worker").as_int64();
    done(server, "workers/1/signal", fmt::format(R"({{"number":{}}})", SIGSEGV));
    const std::string path = fmt::format("GET /api/v1/why/1/{}", worker);
    REQUIRE(eventually([&] { return ask(server, path).is(200); }));
    const std::string report = ask(server, path).body();
    CHECK_MESSAGE(report.contains("SIGSEGV"), report);
    CHECK_MESSAGE(report.contains("last events"), report);
    CHECK(ask(server, "GET /api/v1/why/1/9999").is(404));

    const auto seen = ask(server, "GET /api/v1/events?slot=1&last=1000").json();
    std::vector<std::string> kinds;
    for (const auto& each : seen.at("list").as_array())
        kinds.emplace_back(text(each.at("event")));
    CHECK(std::ranges::count(kinds, "end") == 1);
    CHECK(std::ranges::count(kinds, "report") == 1);
    const auto next = seen.at("data").at("next").as_int64();
    done(server, "scale", R"({"to":"1"})");
    const auto more = ask(server, fmt::format("GET /api/v1/events?last=0&from={}", next)).json();
    const auto& later = more.at("list").as_array();
    CHECK(later.at(0).at("sequence") == next);
    CHECK(std::ranges::count(later, "scaled",
                             [](const auto& each) { return text(each.at("event")); }) == 1);
}

TEST_CASE("a crash report that cannot be opened makes its answer a 504, and the primary goes on")
{
    kept_server server{{.workers = 1}};
    operator_of ops{server.program(), "regent"};
    const auto worker =
        ask(server, "GET /api/v1/workers/0").json().at("data").at("worker").as_int64();
    done(server, "workers/0/signal", fmt::format(R"({{"number":{}}})", SIGSEGV));
    const std::string path = fmt::format("GET /api/v1/why/0/{}", worker);
    REQUIRE(eventually([&] { return ask(server, path).is(200); }));
    const std::string file{text(ops.event("report").at("file"))};
    // Whoever opens the file waits until this one says that it may.
    unique_fd gate{::fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY)};
    if (!gate.valid() ||
        ::fanotify_mark(gate.borrow(), FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, file.c_str()) == -1)
    {
        MESSAGE("not shown here: only root can have a file's open(2) wait");
        return;
    }
    std::optional<answered> report;
    std::jthread viewer{[&] { report.emplace(ask(server, path)); }};
    // It has been asked to open it.
    pollfd asked{.fd = gate.borrow(), .events = POLLIN, .revents = 0};
    CHECK(::poll(&asked, 1, 60'000) == 1);
    CHECK(ops.ask("scale", {{"to", "2"}}).code == control::exit_code::done);
    viewer.join();
    CHECK_MESSAGE(report->is(504), report->all);
    gate.reset();
    CHECK(eventually([&] { return ask(server, path).is(200); }));
}

TEST_CASE("a stop over HTTP is the dashboard's, and not the primary's own")
{
    kept_server server{{.workers = 1}};
    operator_of ops{server.program(), "regent"};
    client slow{server.port()};
    ask_for(slow, "/slow/1500");
    CHECK(ask(server, "POST /api/v1/stop", R"({"budget_ms":1})").is(504));
    const std::string by{text(ops.event("stopping").at("by"))};
    constexpr std::string_view before = "the dashboard (process ";
    REQUIRE_MESSAGE(by.starts_with(before), by);
    const auto pid = parse_integer<pid_t>(by.substr(before.size(), by.size() - before.size() - 1));
    REQUIRE(pid);
    CHECK(title_of(*pid).starts_with("cohort: dashboard"));
    server.program().wait_for("stopping: asked by " + by);
    CHECK(server.program().wait().code() == 0);
}

TEST_CASE("an upgrade over HTTP: the API is that of the next primary afterwards")
{
    kept_server server{{.workers = 1}};
    const auto workers = server.workers();
    const pid_t primary = primary_below(server.root());
    try {
        // This process goes with the primary that it asked: mostly nobody answers.
        static_cast<void>(ask(server, "POST /api/v1/upgrade"));
    } catch (const failure&) {
    }
    REQUIRE(eventually([&] {
        const pid_t next = primary_below(server.root());
        return next != 0 && next != primary;
    }));
    operator_of ops{server.program(), "regent"};
    CHECK(ops.event("succession").at("reason") == "upgraded");
    CHECK(state_of(server).at("cohort").at("state") == "serving");
    CHECK(server.workers() == workers);
}
