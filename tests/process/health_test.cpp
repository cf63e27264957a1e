// Workers that hang are looked at before they are ended, and operators look at any.

#include "api_server.hpp"
#include "operator_of.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;
using control::exit_code;

namespace {

const std::string half_a_second = "[app.api.health]\nheartbeat = \"500ms\"\n";

/// What `why` shows of the last end in this slot, once it has the stacks.
std::string report_of(operator_of& ops, std::uint32_t slot)
{
    std::string report;
    const bool there = eventually([&] {
        const auto said = ops.ask("why", {}, slot);
        for (const auto& each : said.data.at("slots").as_array()) {
            const auto& last = each.at("ends").as_array().front().as_object();
            if (const auto* const found = last.if_contains("report"))
                report = found->as_string();
        }
        return !report.empty();
    });
    CHECK(there);
    return report;
}

/// Requests of all workers, probes among them.
std::int64_t asked(operator_of& ops)
{
    std::int64_t sum = 0;
    const auto said = ops.ask("ls");
    for (const auto& each : said.data.at("slots").as_array())
        sum += each.at("requests").as_int64();
    return sum;
}

}  // namespace

TEST_CASE("before a worker with a stuck loop is ended, log and why name the function and request")
{
    api_server app{{.workers = 1, .file = half_a_second}};
    operator_of ops{app.program(), "api"};
    client stuck{app.port()};
    ask_for(stuck, "/hang?token=secret");
    const auto line = app.program().wait_for("GET /hang");
    CHECK(line.at("stack").as_string().find("hang(") != std::string::npos);
    CHECK(line.at("message").as_string().find("runs") != std::string::npos);
    const std::string report = report_of(ops, 0);
    CAPTURE(report);
    CHECK(report.contains("hang("));
    CHECK(report.contains("GET /hang\n"));
    CHECK_FALSE(report.contains("secret"));
    CHECK(eventually([&] { return ops.stages() == std::vector<std::string>{"serving"}; }));
}

TEST_CASE("a worker that was stopped is said to be, and its clients are served by the next one")
{
    api_server app{{.workers = 1, .file = half_a_second}};
    operator_of ops{app.program(), "api"};
    client one{app.port()};
    const pid_t before = who_is(one).pid;
    ::kill(before, SIGSTOP);
    app.program().wait_for("is stopped");
    CHECK(who_is(one).pid != before);
    CHECK(report_of(ops, 0).contains("is stopped"));
}

TEST_CASE("workers without keepers are looked at as well before they are ended")
{
    api_server app{{.workers = 1, .file = "keepers = false\n" + half_a_second}};
    operator_of ops{app.program(), "api"};
    client stuck{app.port()};
    ask_for(stuck, "/hang");
    CHECK(report_of(ops, 0).contains("hang("));
}

TEST_CASE("an operator sees the stacks of a worker that lives, and it goes on")
{
    api_server app{{.workers = 1}};
    operator_of ops{app.program(), "api"};
    client busy{app.port()};
    ask_for(busy, "/occupy");
    client other{app.port()};
    const pid_t pid = who_is(other).pid;
    std::string lane;
    CHECK(eventually([&] {
        const auto said = ops.ask("dump", {}, 0);
        CHECK(said.code == exit_code::done);
        const auto& slot = said.data.at("slots").at(0).as_object();
        CHECK(slot.at("pid") == pid);
        for (const auto& each : slot.at("threads").as_array()) {
            // (A lane that is just being born lets no signal in yet.)
            CHECK((each.at("frames").as_array().size() > 1 || !each.at("silence").is_null()));
            if (each.at("name") == "lane" && each.at("request") == "GET /occupy")
                lane = slot.at("report").as_string();
        }
        return !lane.empty();
    }));
    CHECK(lane.contains("occupy_lane("));
    CHECK(lane.contains("work::core::run("));
    who_is(other);
    client{app.port()}.body_of("/release");
    CHECK(read_seen(read_answer(busy)).pid == pid);
    CHECK(ops.ask("dump", {}, 7).code == exit_code::no_such_cohort);
    CHECK(ops.ask("dump", {{"patience_ms", 0}}, 0).code == exit_code::usage);
}

TEST_CASE("ABRT from an operator ends a worker, and its stacks are kept")
{
    api_server app{{.workers = 1}};
    operator_of ops{app.program(), "api"};
    client one{app.port()};
    const pid_t before = who_is(one).pid;
    CHECK(ops.ask("signal", {{"number", SIGABRT}}, 0).code == exit_code::done);
    CHECK(who_is(one).pid != before);
    CHECK(report_of(ops, 0).contains("work::core::run("));
}

TEST_CASE("of a program that was not built with the library the kernel's word is shown")
{
    const temporary_folder folder;
    const auto path = folder.path() / "cohort.toml";
    std::ofstream{path} << "[app.api]\nexec = \"/bin/sleep\"\nargs = [\"1000\"]\n"
                           "workers = 1\nspeaks = \"none\"\nlisten = []\n";
    launch how;
    how.exec = PROCESS_PROGRAMS "api";
    how.args = {"--config", path.string(), "--name", "api"};
    running_program program{how};
    operator_of ops{program, "api"};
    control::answer said;
    // Its socket may not be there yet, and the program may be called as its parent still.
    CHECK(eventually([&] {
        try {
            said = ops.ask("dump", {}, 0);
        } catch (const failure&) {
            return false;
        }
        return said.code == exit_code::done &&
               said.data.at("slots").at(0).at("threads").at(0).at("name") == "sleep";
    }));
    const auto& thread = said.data.at("slots").at(0).at("threads").at(0).as_object();
    CHECK(thread.at("name") == "sleep");
    CHECK(thread.at("silence") == "its program shows no stacks");
    CHECK(thread.at("frames").as_array().empty());
}

TEST_CASE("log and why name the signal, the address, the function and the request of a crash")
{
    api_server app{{.workers = 1}};
    operator_of ops{app.program(), "api"};
    client one{app.port()};
    one.send("POST /crash?token=secret HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
    const auto line = app.program().wait_for("crashed: SIGSEGV: no memory at 0x1230");
    CHECK(line.at("request") == "POST /crash");
    CHECK(line.at("stack").as_string().starts_with("(anonymous namespace)::write_nowhere()"));
    const std::string report = report_of(ops, 0);
    CAPTURE(report);
    CHECK(report.contains("write_nowhere()"));
    CHECK_FALSE(report.contains("secret"));
    CHECK(one.receive_until("\r\n").contains(" 500 "));
}

TEST_CASE("a worker that fails its probe is replaced, and the others stay")
{
    api_server app{
        {.workers = 3, .file = "[app.api.health]\nhttp = \"/health every 100ms, 3 fails\"\n"}};
    operator_of ops{app.program(), "api"};
    const auto before = app.workers();
    client{app.port()}.body_of("/fall_ill");
    app.program().wait_for("failed its probe /health 3 times in a row (answered 503)");
    CHECK(eventually([&] {
        const auto present = app.workers();
        const auto stayed = std::ranges::count_if(
            before, [&](pid_t each) { return std::ranges::find(present, each) != present.end(); });
        return present.size() == 3 && stayed == 2;
    }));
    CHECK(eventually([&] { return ops.stages() == std::vector<std::string>(3, "serving"); }));
}

TEST_CASE("the primary's probe is answered by who answers for one host and by https only")
{
    api_server app{{.workers = 1,
                    .file = "[app.api.health]\nhttp = \"/health every 100ms, 2 fails\"\n",
                    .env = {"ONLY_HOST=shop.example"}}};
    operator_of ops{app.program(), "api"};
    const auto before = app.workers();
    client other{app.port()};
    other.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(other.receive_until("\r\n").contains(" 421 "));
    const auto rounds = asked(ops);
    CHECK(eventually([&] { return asked(ops) > rounds + 5; }));
    CHECK(app.workers() == before);
    const auto& lines = app.program().lines();
    CHECK(std::ranges::none_of(lines, [](const auto& each) { return each.contains("its probe"); }));
}

TEST_CASE("what all workers need is gone: nobody is ended for that, and the log says so once")
{
    const temporary_folder folder;
    const auto backend = folder.path() / "backend";
    std::ofstream{backend} << "there";
    api_server app{{.workers = 3,
                    .file = "[app.api.health]\nhttp = \"/health every 100ms, 2 fails\"\n",
                    .env = {"BACKEND=" + backend.string()}}};
    operator_of ops{app.program(), "api"};
    const auto before = app.workers();
    std::filesystem::remove(backend);
    const auto line = app.program().wait_for("shared outage: the probes of 3 of 3 workers");
    CHECK(line.at("message").as_string().ends_with(" answered 503)"));
    // Rounds go on: whoever would be ended for them would be by the time it is over.
    const auto rounds = asked(ops);
    CHECK(eventually([&] { return asked(ops) > rounds + 3 * 4; }));
    CHECK(app.workers() == before);
    std::ofstream{backend} << "there";
    app.program().wait_for("the shared outage is over");
    CHECK(app.workers() == before);
    const auto& lines = app.program().lines();
    CHECK(std::ranges::count_if(
              lines, [](const auto& each) { return each.contains("shared outage: "); }) == 1);
}

TEST_CASE("a worker whose oldest request is too old is replaced, and says where it is")
{
    api_server app{{.workers = 2, .file = "[app.api.health]\nrequest = \"1s\"\n"}};
    operator_of ops{app.program(), "api"};
    client slow{app.port()};
    slow.send("POST /wait HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
    const auto line = app.program().wait_for("its oldest request is older than 1s");
    CHECK(line.at("message").as_string().find("is ended") != std::string::npos);
    // It may not run again: its client hears so, on the open connection.
    CHECK(slow.receive_until("\r\n").contains(" 500 "));
    const auto said = ops.ask("why");
    const auto& end = said.data.at("slots").at(0).at("ends").at(0);
    CHECK(end.at("cause") == "unhealthy");
    CHECK(end.at("cause_words").as_string().starts_with("its oldest request is older than 1s"));
    CHECK(eventually([&] { return ops.stages() == std::vector<std::string>(2, "serving"); }));
}

TEST_CASE("a handler that never lets the loop go is a request too old, without a heartbeat, too")
{
    api_server app{
        {.workers = 2, .file = "[app.api.health]\nrequest = \"1s\"\nheartbeat = \"off\"\n"}};
    client stuck{app.port()};
    ask_for(stuck, "/hang");
    app.program().wait_for("its oldest request is older than 1s");
    const auto line = app.program().wait_for("GET /hang");
    CHECK(line.at("stack").as_string().find("hang(") != std::string::npos);
}

TEST_CASE("who was ended because it did not get ready in time, of that it is said so")
{
    const temporary_folder folder;
    const auto path = folder.path() / "cohort.toml";
    std::ofstream{path} << "[app.api]\nlisten = [\"127.0.0.1:0\"]\nworkers = 1\n"
                           "exec = \"/bin/sleep\"\nargs = [\"1000\"]\n"
                           "ready.on = \"http:/\"\nready.timeout = \"1s\"\n";
    launch how;
    how.exec = PROCESS_PROGRAMS "api";
    how.args = {"--config", path.string(), "--name", "api"};
    running_program app{how};
    app.wait_for("did not get ready in time");
    operator_of ops{app, "api"};
    CHECK(eventually([&] { return !ops.ask("why").data.at("slots").as_array().empty(); }));
    const auto end = ops.ask("why").data.at("slots").at(0).at("ends").at(0);
    const std::string reason{end.at("reason").as_string()};
    CHECK_MESSAGE(reason.find("did not get ready in time") != std::string::npos, reason);
    CHECK(end.at("cause") == "start_timeout");
}
