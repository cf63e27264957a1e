// Whatever process of a cohort is killed, nothing is left behind.

#include "api_server.hpp"

#include <cohort/base/clock.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <string>
#include <vector>

#include <poll.h>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

bool none_alive(const std::vector<pid_t>& of) { return std::ranges::none_of(of, is_alive); }

/// All the processes of a cohort.
std::vector<pid_t> all_of(pid_t primary)
{
    auto all = descendants_of(primary);
    all.push_back(primary);
    return all;
}

/// What the workers are, when it is not this program that was forked.
std::string exec_of(std::string_view program, std::string_view args)
{
    return fmt::format("exec = \"{}\"\nargs = [{}]\n", program, args);
}

/// Workers forked from the primary, and workers that are a program of their own.
const std::vector<std::string> kinds{{}, PROCESS_PROGRAMS "api"};

/// A cohort of plain programs, which know nothing of it.
struct plain_cohort {
    explicit plain_cohort(std::string_view more = {})
        : program{prepare(more)}
    {
        REQUIRE(eventually([&] { return running().size() == 2; }));
    }

    launch prepare(std::string_view more) const
    {
        const auto path = folder.path() / "cohort.toml";
        std::ofstream{path} << "[app.api]\nworkers = 2\n"
                            << exec_of("/bin/sleep", "\"1000\"") << more;
        launch how;
        how.exec = PROCESS_PROGRAMS "api";
        how.args = {"--config", path.string(), "--name", "api"};
        return how;
    }

    /// The children that have become the other program.
    [[nodiscard]] std::vector<pid_t> running() const
    {
        auto all = descendants_of(program.pid());
        std::erase_if(all, [](pid_t each) { return title_of(each) != "/bin/sleep 1000"; });
        return all;
    }

    temporary_folder folder;
    running_program program;
};

}  // namespace

TEST_CASE("a killed primary leaves no forked worker, and no executed one")
{
    for (const std::string& kind : kinds) {
        CAPTURE(kind);
        api_server app{{.exec = kind}};
        const auto all = all_of(app.program().pid());
        REQUIRE(all.size() >= 3);
        app.program().signal(SIGKILL);
        app.program().wait();
        CHECK(eventually([&] { return none_alive(all); }, 10s));
    }
}

TEST_CASE("a killed primary takes plain programs along")
{
    plain_cohort app;
    const auto workers = app.running();
    app.program.signal(SIGKILL);
    app.program.wait();
    CHECK(eventually([&] { return none_alive(workers); }, 10s));
}

TEST_CASE("a worker that is a program of its own listens where the primary says")
{
    const std::string bare = exec_of(PROCESS_PROGRAMS "api", "");
    api_server app{{.balance = "round_robin", .file = bare}};
    std::set<pid_t> served;
    for (int i = 0; i < 4; ++i) {
        client one{app.port()};
        served.insert(who_is(one).pid);
    }
    const auto workers = app.workers();
    CHECK(served == std::set<pid_t>(workers.begin(), workers.end()));
}

TEST_CASE("a killed worker is replaced, forked or executed, and a stop leaves nothing behind")
{
    for (const std::string& kind : kinds) {
        CAPTURE(kind);
        api_server app{{.exec = kind}};
        std::set<pid_t> known;
        for (const pid_t each : app.workers()) {
            known.insert(each);
            ::kill(each, SIGKILL);
        }
        REQUIRE(known.size() == 2);
        app.program().wait_for_all("listening on port", 2);
        for (const pid_t each : app.workers())
            known.insert(each);
        CHECK(known.size() == 4);
        CHECK(app.program().stop().code() == 0);
        CHECK(none_alive({known.begin(), known.end()}));
    }
}

TEST_CASE("a killed plain program is replaced, and a stop leaves nothing behind")
{
    plain_cohort app;
    auto known = app.running();
    ::kill(known.at(0), SIGKILL);
    REQUIRE(eventually([&] { return app.running().size() == 2 && !is_alive(known[0]); }));
    for (const pid_t each : app.running())
        known.push_back(each);
    CHECK(app.program.stop().code() == 0);
    CHECK(none_alive(known));
}

TEST_CASE("a plain program that does not heed TERM is killed when the time to stop is over")
{
    temporary_folder folder;
    const auto path = folder.path() / "cohort.toml";
    const auto ready = folder.path() / "ready";
    std::ofstream{path} << "[app.api]\nworkers = 1\n"
                        << exec_of("/bin/sh", fmt::format("\"-c\", \"trap '' TERM; : > {}; while "
                                                          ":; do sleep 1; done\"",
                                                          ready.string()))
                        << "stop.timeout = \"1s\"\n";
    running_program program{
        {.exec = PROCESS_PROGRAMS "api", .args = {"--config", path.string(), "--name", "api"}}};
    REQUIRE(eventually([&] { return std::filesystem::exists(ready); }));
    const auto all = all_of(program.pid());
    CHECK(program.stop(20s).code() == 0);
    CHECK(none_alive(all));
}

TEST_CASE("workers whose primary is killed finish what is in flight, and then leave")
{
    for (const std::string& kind : kinds) {
        CAPTURE(kind);
        api_server app{{.workers = 1, .exec = kind}};
        const auto all = all_of(app.program().pid());
        client slow{app.port()};
        client other{app.port()};
        ask_for(slow, "/wait");
        who_is(other);  // one worker reads in order: the slow request has arrived
        app.program().signal(SIGKILL);
        app.program().wait();
        CHECK(other.get("/release").starts_with("HTTP/1.1 200"));
        CHECK_NOTHROW(read_answer(slow));
        CHECK(eventually([&] { return none_alive(all); }, 10s));
    }
}

TEST_CASE("workers with a stuck loop end within the stop timeout of their primary's death")
{
    for (const std::string& kind : kinds) {
        CAPTURE(kind);
        api_server app{{.workers = 2, .file = "stop.timeout = \"2s\"\n", .exec = kind}};
        const auto workers = app.workers();
        client stuck{app.port()};
        ask_for(stuck, "/hang");
        // One of the two burns a processor from now on.
        REQUIRE(eventually([&] { return processor_time(workers) > 200ms; }));
        app.program().signal(SIGKILL);
        app.program().wait();
        const auto since = now();
        CHECK(eventually([&] { return none_alive(workers); }, 12s));
        CHECK(now() - since < 10s);  // 2 s, and what a loaded machine adds
    }
}

TEST_CASE("a worker that is stopped by a signal does not outlive its primary")
{
    api_server app{{.workers = 2, .file = "stop.timeout = \"1s\"\n"}};
    const auto workers = app.workers();
    app.program().signal(SIGKILL);
    app.program().wait();
    for (const pid_t each : workers) {
        ::kill(each, SIGSTOP);
        ::kill(each, SIGCONT);
    }
    CHECK(eventually([&] { return none_alive(workers); }, 10s));
}

TEST_CASE("after a storm over every kind of process nothing is left")
{
    api_server app{{.workers = 4, .exec = kinds[1]}};
    std::set<pid_t> known;
    for (int round = 0; round < 5; ++round) {
        const auto workers = app.workers();
        known.insert(workers.begin(), workers.end());
        for (const pid_t each : workers)
            ::kill(each, round % 2 == 0 ? SIGKILL : SIGTERM);
    }
    const auto last = all_of(app.program().pid());
    known.insert(last.begin(), last.end());
    app.program().signal(SIGKILL);
    app.program().wait();
    CHECK(eventually([&] { return none_alive({known.begin(), known.end()}); }, 40s));
}
