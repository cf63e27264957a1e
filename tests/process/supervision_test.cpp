// What a supervisor does when things run short, and how it ends.

#include "api_server.hpp"
#include "puppet_show.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

bool said(running_program& of, std::string_view part)
{
    return std::ranges::any_of(
        of.lines(), [&](const auto& line) { return line.find(part) != std::string::npos; });
}

std::string local(std::uint16_t port) { return fmt::format("127.0.0.1:{}", port); }

}  // namespace

TEST_CASE("a primary short of descriptors gives no slot up, ends no worker, and recovers")
{
    // (A keeper needs no primary to replace its worker.)
    api_server app{{.workers = 2, .env = {"COHORT_KEEPERS=off"}}};
    const auto before = app.workers();
    REQUIRE(before.size() == 2);
    const rlim_t limit = limit_descriptors(app.primary(), 0);
    ::kill(before[0], SIGKILL);
    // More attempts than a slot has deaths.
    app.program().wait_for_all("cannot start a worker", 7);
    CHECK_FALSE(said(app.program(), "given up"));
    CHECK(app.workers() == std::vector<pid_t>{before[1]});
    client one{app.port()};
    CHECK(who_is(one).pid == before[1]);

    limit_descriptors(app.primary(), limit);
    app.program().wait_for("listening on port");
    CHECK(app.workers().size() == 2);
    CHECK(is_alive(before[1]));
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("who wants to listen while the primary is short of descriptors waits, and then does")
{
    puppet_show show;
    const auto id = show.fork();
    const rlim_t limit = limit_descriptors(show.program().pid(), 0);
    show.tell(id, {{"do", "listen"}, {"where", "127.0.0.1:0"}});
    show.program().wait_for("trying again");
    limit_descriptors(show.program().pid(), limit);
    const auto opened = show.hear();
    CHECK(error_of(opened).empty());
    CHECK(greeting_of(where_of(opened)) == fmt::format("worker {}", id));
}

TEST_CASE("a stop ends a primary whose exit hook forks")
{
    puppet_show show;
    show.fork();
    show.ask(0, {{"do", "fork_on_exit"}});
    show.program().signal(SIGTERM);
    CHECK(show.program().wait().code() == 0);
}

TEST_CASE("a cluster without workers can be disconnected, and forks again afterwards")
{
    puppet_show show;
    CHECK(error_of(show.ask(0, {{"do", "disconnect"}})).empty());
    const auto born = show.ask(0, {{"do", "fork"}});
    CHECK(error_of(born).empty());
    show.ask(0, {{"do", "disconnect"}});
    CHECK(error_of(show.ask(0, {{"do", "fork"}})).empty());
}

TEST_CASE("one worker less is taken from the slots that were given up, not from those that serve")
{
    api_server app{{.workers = 2, .env = {"DIES_AT_BOOT=0"}, .listening = 1}};
    app.program().wait_for("slot 0 is given up");
    // The last worker of a slot given up gives its connections away, and goes.
    REQUIRE(eventually([&] { return app.workers().size() == 1; }));
    const auto before = app.workers();
    app.program().signal(SIGTTOU);
    app.program().wait_for("1 workers wanted");
    client one{app.port()};
    CHECK(who_is(one).pid == before[0]);
    CHECK(app.program().stop().code() == 0);
    CHECK_FALSE(said(app.program(), "every slot"));
}

TEST_CASE("a TERM and then one INT end at once what TERM alone would wait for")
{
    api_server app{{.workers = 1}};
    client slow{app.port()};
    ask_for(slow, "/wait");  // up to a minute
    app.program().signal(SIGTERM);
    app.program().wait_for("stopping");
    app.program().signal(SIGINT);
    CHECK(app.program().wait(20s).code() == 0);
}

TEST_CASE("while the last requests are finished, new clients are refused at once")
{
    for (const char* balance : {"round_robin", "least_connections", "reuseport", "balanced"}) {
        CAPTURE(balance);
        api_server app{{.workers = 1, .balance = balance}};
        client idle{app.port()};
        client slow{app.port()};
        who_is(idle);
        ask_for(slow, "/wait");
        client third{app.port()};
        who_is(third);

        app.program().signal(SIGTERM);
        app.program().wait_for("stopping");
        CHECK(eventually([&] { return !is_reachable(local(app.port())); }, 5s));
        CHECK(app.workers().size() == 1);  // and it is not done
        CHECK(idle.get("/release").starts_with("HTTP/1.1 200"));
        read_answer(slow);
        CHECK(app.program().wait().code() == 0);
    }
}

TEST_CASE("the descriptors of a primary grow with its workers, not with their square")
{
    launch how;
    how.exec = "sh";
    how.args = {"-c",
                "ulimit -n 800 && exec \"$0\" \"$@\"",
                PROCESS_PROGRAMS "api",
                "--bind",
                "127.0.0.1:0",
                "-w",
                "40",
                "--keepers",
                "off"};
    running_program app{how};
    app.wait_for_all("listening on port", 40);
    CHECK_FALSE(said(app, "Too many open files"));
    CHECK(app.stop().code() == 0);
}
