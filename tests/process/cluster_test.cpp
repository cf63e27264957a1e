// A served application whose processes are killed on the way.

#include "family.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <poll.h>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

struct seen {
    int slot = -1;
    int id = -1;
    pid_t pid = 0;
};

seen parse(const std::string& text)
{
    seen out;
    std::istringstream{text} >> out.slot >> out.id >> out.pid;
    return out;
}

/// The web program with so many workers, on a port of its own.
class web {
public:
    explicit web(unsigned workers, std::vector<std::string> more = {}, std::string file = {})
        : file_{folder_.path() / "cohort.toml"}, program_{launch_plan(workers, more, file)}
    {
        const auto lines = program_.wait_for_all("listening on port", workers);
        port = port_of(lines.front());
    }

    seen who() const { return parse(client{port}.body_of("/who")); }
    running_program& process() { return program_; }

    std::uint16_t port = 0;

private:
    launch launch_plan(unsigned workers, std::vector<std::string> more, const std::string& file)
    {
        launch plan;
        plan.exec = PROCESS_PROGRAMS "web";
        plan.args = {"--listen", "127.0.0.1:0", "--workers", fmt::format("{}", workers)};
        plan.args.insert(plan.args.end(), more.begin(), more.end());
        if (!file.empty()) {
            std::ofstream{file_} << file;
            plan.args.insert(plan.args.end(), {"--config", file_});
        }
        return plan;
    }

    temporary_folder folder_;
    std::string file_;
    running_program program_;
};

/// How often a process has gone to sleep so far.
long sleeps_of(pid_t pid)
{
    std::ifstream file{fmt::format("/proc/{}/status", pid)};
    std::string line;
    while (std::getline(file, line)) {
        if (line.starts_with("voluntary_ctxt_switches:"))
            return parse_integer<long>(line.substr(line.find_last_of(" \t") + 1)).value();
    }
    return -1;
}

}  // namespace

TEST_CASE("workers share one port, and each has a title, an id and a slot")
{
    web app{2};
    std::set<int> slots;
    CHECK(eventually([&] {
        slots.insert(app.who().slot);
        return slots.size() == 2;
    }));
    CHECK(title_of(primary_below(app.process().pid())) == "cohort: primary (process_program_web)");
    std::set<std::string> titles;
    for (const pid_t each : workers_below(app.process().pid()))
        titles.insert(title_of(each));
    CHECK(titles == std::set<std::string>{"cohort: worker 0 (process_program_web)",
                                          "cohort: worker 1 (process_program_web)"});
}

TEST_CASE("a killed worker is replaced in its slot under a new id")
{
    web app{1};
    const seen before = app.who();
    ::kill(before.pid, SIGKILL);
    const auto end = app.process().wait_for("ended");
    CHECK(end.at("reason").as_string() == "signal 9 (SIGKILL)");

    const seen after = app.who();
    CHECK(after.slot == before.slot);
    CHECK(after.id == before.id + 1);
    CHECK(after.pid != before.pid);
}

TEST_CASE("a connection made while no worker lives is served by the next one")
{
    web app{1};
    const seen before = app.who();
    ::kill(before.pid, SIGSTOP);
    std::vector<client> queued;
    for (int i = 0; i < 50; ++i) {
        queued.emplace_back(app.port);
        queued.back().send("GET /who HTTP/1.1\r\nHost: t\r\n\r\n");
    }
    ::kill(before.pid, SIGKILL);
    for (client& each : queued)
        CHECK(each.receive_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
}

TEST_CASE("killing every worker at once loses no connection of the queue")
{
    web app{2};
    const auto workers = workers_below(app.process().pid());
    REQUIRE(workers.size() == 2);
    for (const pid_t each : workers)
        ::kill(each, SIGSTOP);
    std::vector<client> queued;
    for (int i = 0; i < 100; ++i) {
        queued.emplace_back(app.port);
        queued.back().send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    }
    for (const pid_t each : workers)
        ::kill(each, SIGKILL);
    for (client& each : queued)
        CHECK(each.receive_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
}

TEST_CASE("TERM lets requests in flight finish and ends with status 0")
{
    web app{2};
    client busy{app.port};
    client idle{app.port};
    CHECK(idle.body_of("/") == "Hello, world");
    busy.send("GET /slow/400 HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(eventually([&] { return client{app.port}.body_of("/") == "Hello, world"; }));
    app.process().signal(SIGTERM);
    const auto answer = busy.receive_until("\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200"));
    CHECK(idle.receive_all().empty());
    CHECK(app.process().wait().code() == 0);
}

TEST_CASE("connections that wait in the queue when TERM comes are answered, too")
{
    web app{1};
    const seen worker = app.who();
    ::kill(worker.pid, SIGSTOP);
    std::vector<client> queued;
    for (int i = 0; i < 20; ++i) {
        queued.emplace_back(app.port);
        queued.back().send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    }
    app.process().signal(SIGTERM);
    app.process().wait_for("stopping");
    ::kill(worker.pid, SIGCONT);
    for (client& each : queued)
        CHECK(each.receive_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
    CHECK(app.process().wait().code() == 0);
}

TEST_CASE("a second INT ends everything at once, still with status 0")
{
    web app{2};
    client busy{app.port};
    busy.send("GET /slow/60000 HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(client{app.port}.body_of("/") == "Hello, world");
    app.process().signal(SIGINT);
    app.process().wait_for("stopping");
    app.process().signal(SIGINT);
    CHECK(app.process().wait(10s).code() == 0);
}

TEST_CASE("a worker that does not finish in time is killed")
{
    web app{
        1, {}, "[app.process_program_web]\n[app.process_program_web.stop]\ntimeout = \"300ms\"\n"};
    client busy{app.port};
    busy.send("GET /slow/60000 HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(client{app.port}.body_of("/") == "Hello, world");
    app.process().signal(SIGTERM);
    CHECK(app.process().wait(10s).code() == 0);
}

TEST_CASE("when the primary is killed its workers finish, and nobody is left behind")
{
    web app{2};
    const auto workers = workers_below(app.process().pid());
    REQUIRE(workers.size() == 2);
    client busy{app.port};
    busy.send("GET /slow/300 HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(client{app.port}.body_of("/") == "Hello, world");
    app.process().signal(SIGKILL);
    CHECK(app.process().wait().signal() == SIGKILL);
    CHECK(busy.receive_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
    for (const pid_t each : workers)
        CHECK(eventually([&] { return !is_alive(each); }, 5s));
}

TEST_CASE("idle workers notice the death of the primary within 100 ms")
{
    web app{2};
    const auto workers = workers_below(app.process().pid());
    const auto begun = now();
    app.process().signal(SIGKILL);
    for (const pid_t each : workers)
        CHECK(eventually([&] { return !is_alive(each); }, 5s));
    CHECK(now() - begun < 500ms);  // noticed, and left; generous for a loaded machine
}

TEST_CASE("even a worker with a stuck loop does not outlive its primary")
{
    web app{
        1, {}, "[app.process_program_web]\n[app.process_program_web.stop]\ntimeout = \"500ms\"\n"};
    const seen worker = app.who();
    client stuck{app.port};
    stuck.send("GET /hang HTTP/1.1\r\nHost: t\r\n\r\n");
    app.process().signal(SIGKILL);
    CHECK(eventually([&] { return !is_alive(worker.pid); }, 10s));
}

TEST_CASE("a worker whose loop is stuck is ended and replaced")
{
    web app{1,
            {},
            "[app.process_program_web]\n[app.process_program_web.health]\nheartbeat = \"400ms\"\n"};
    const seen before = app.who();
    client stuck{app.port};
    stuck.send("GET /hang HTTP/1.1\r\nHost: t\r\n\r\n");
    app.process().wait_for("is silent");
    const auto end = app.process().wait_for("ended");
    CHECK(std::string{end.at("reason").as_string()}.starts_with("signal 6 (SIGABRT)"));
    CHECK(app.who().id > before.id);
}

TEST_CASE("every kind of death has its reason in words")
{
    web app{1};
    // What runs again dies again, and each death is written down when its primary comes to it: of
    // the last request's there may be some among the lines. So the first with this beginning
    // counts.
    const auto reason_after = [&](const std::string& path, std::string_view beginning) {
        client victim{app.port};
        victim.send("GET " + path + " HTTP/1.1\r\nHost: t\r\n\r\n");
        const auto end = app.process().wait_for([&](const boost::json::object& line) {
            return line.contains("reason") &&
                   line.at("reason").as_string().starts_with(beginning) &&
                   std::string_view{line.at("message").as_string()}.contains("ended");
        });
        return std::string{end.at("reason").as_string()};
    };
    CHECK(reason_after("/exit/42", "exit code 42") == "exit code 42");
    CHECK(reason_after("/signal/11", "signal").starts_with("signal 11 (SIGSEGV)"));
    CHECK(reason_after("/throw", "exit code 1,") ==
          "exit code 1, exception escaped: no such table");
}

TEST_CASE("TTIN adds a worker and TTOU takes one away")
{
    web app{1};
    app.process().signal(SIGTTIN);
    app.process().wait_for("listening on port");
    CHECK(workers_below(app.process().pid()).size() == 2);
    app.process().signal(SIGTTOU);
    const auto end = app.process().wait_for("ended");
    CHECK(end.at("slot").as_int64() == 1);
    CHECK(eventually([&] { return workers_below(app.process().pid()).size() == 1; }));
}

TEST_CASE("USR1 where the log is no file is answered with words, not with death")
{
    web app{1};
    app.process().signal(SIGUSR1);
    app.process().wait_for("the log is no file");
    CHECK(app.who().slot == 0);
}

TEST_CASE("a worker told to leave by TERM is replaced, and finishes first")
{
    web app{1};
    const seen before = app.who();
    client busy{app.port};
    busy.send("GET /slow/200 HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(client{app.port}.body_of("/") == "Hello, world");
    ::kill(before.pid, SIGTERM);
    CHECK(busy.receive_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
    const auto end = app.process().wait_for("ended");
    CHECK(end.at("reason").as_string() == "exit code 0");
    CHECK(app.who().id == before.id + 1);
}

TEST_CASE("a port that is taken is said in words with what, where and why")
{
    web first{1};
    launch plan;
    plan.exec = PROCESS_PROGRAMS "web";
    plan.args = {"--listen", fmt::format("127.0.0.1:{}", first.port), "--workers", "1"};
    running_program second{plan};
    const auto line = second.wait_for("Address already in use");
    CHECK(std::string{line.at("message").as_string()}.find(
              fmt::format("tcp://127.0.0.1:{}", first.port)) != std::string::npos);
}

TEST_CASE("a worker whose main has returned serves on, and sleeps between the beats")
{
    launch plan;
    plan.exec = PROCESS_PROGRAMS "coded";
    plan.args = {"--workers", "1"};
    running_program app{plan};
    const auto port = port_of(app.wait_for("listening on port"));
    client visitor{port};
    const pid_t worker = workers_below(app.pid()).at(0);
    CHECK(visitor.receive_until("}").find(fmt::format("{}", worker)) != std::string::npos);
    const long before = sleeps_of(worker);
    REQUIRE(before >= 0);
    ::poll(nullptr, 0, 2000);
    // One beat a second; it was fifty looks a second once.
    CHECK(sleeps_of(worker) - before <= 12);
    app.signal(SIGTERM);
    CHECK(app.wait().code() == 0);
}
