// Connections outlive their workers: what clients notice of deaths and of scaling, which is
// nothing.

#include "api_server.hpp"
#include "family.hpp"

#include <cohort/net/limits.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

constexpr int clients_count = 64;

/// Kept-alive connections, each of which was served once. A resource.
struct crowd {
    explicit crowd(std::uint16_t port, int count = clients_count)
    {
        for (int i = 0; i < count; ++i) {
            all.emplace_back(port);
            who_is(all.back());
        }
    }

    /// On the connections that are open already.
    void all_are_answered()
    {
        for (client& each : all)
            CHECK_NOTHROW(who_is(each));
    }

    std::vector<client> all;
};

std::vector<pid_t> workers_of(api_server& app) { return workers_below(app.program().pid()); }

/// Waits until exactly so many workers have said that they listen again.
void wait_for_worker(api_server& app) { app.program().wait_for("listening on port"); }

std::size_t processes_of(api_server& app) { return descendants_of(app.program().pid()).size(); }

}  // namespace

TEST_CASE("kept: a worker is killed, and its idle connections and its requests are served on")
{
    for (const unsigned workers : {1U, 2U}) {
        CAPTURE(workers);
        api_server app{{.workers = workers}};
        crowd idle{app.port()};
        client slow{app.port()};
        ask_for(slow, "/wait");
        client other{app.port()};
        who_is(other);
        for (const pid_t each : workers_of(app))
            ::kill(each, SIGKILL);
        idle.all_are_answered();
        // It waits again, in the successor: whoever that is has to be asked.
        std::atomic<bool> is_answered{false};
        std::jthread releases{[&] {
            while (!is_answered) {
                client one{app.port()};
                ask_for(one, "/release");
                read_answer(one);
            }
        }};
        CHECK_NOTHROW(read_answer(slow));
        is_answered = true;
        releases.join();
        CHECK(app.program().stop().code() == 0);
    }
}

TEST_CASE("kept: what must not run twice is answered 500 on the connection, which stays open")
{
    api_server app{{.workers = 1}};
    client one{app.port()};
    one.send("POST /wait HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
    client idle{app.port()};
    who_is(idle);
    ::kill(workers_of(app).at(0), SIGKILL);
    const std::string head = one.receive_until("\r\n\r\n");
    CHECK(head.starts_with("HTTP/1.1 500"));
    CHECK(head.find("Retry-After") != std::string::npos);
    CHECK(head.find("application/problem+json") != std::string::npos);
    CHECK_NOTHROW(who_is(idle));
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("kept: a keeper is killed, and its worker's connections go to others")
{
    for (const unsigned workers : {1U, 2U}) {
        CAPTURE(workers);
        api_server app{{.workers = workers}};
        crowd idle{app.port()};
        ::kill(keepers_below(app.program().pid()).at(0), SIGKILL);
        wait_for_worker(app);
        idle.all_are_answered();
        CHECK(eventually([&] {
            return keepers_below(app.program().pid()).size() == workers &&
                   workers_of(app).size() == workers;
        }));
        idle.all_are_answered();
        CHECK(app.program().stop().code() == 0);
    }
}

TEST_CASE("kept: one worker less, and one that leaves by itself, close no connection")
{
    api_server app{{.workers = 2}};
    crowd idle{app.port()};
    app.program().signal(SIGTTOU);
    app.program().wait_for("ended");
    idle.all_are_answered();
    CHECK(eventually([&] { return workers_of(app).size() == 1; }));
    ::kill(workers_of(app).at(0), SIGTERM);
    app.program().wait_for("ended");
    idle.all_are_answered();
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("kept: 2,000 idle connections outlive any way in which their worker leaves")
{
    REQUIRE(net::raise_descriptor_limit());
    constexpr int many = 2'000;
    api_server app{{.workers = 1}};
    crowd idle{app.port(), many};

    SUBCASE("it is asked to leave, and its successor goes on in the same table")
    {
        ::kill(workers_of(app).at(0), SIGTERM);
        wait_for_worker(app);
    }
    SUBCASE("its keeper is killed, and all go through the inbox of the slot")
    {
        ::kill(keepers_below(app.program().pid()).at(0), SIGKILL);
        wait_for_worker(app);
    }
    SUBCASE("a slot is there that takes some, and is taken away afterwards")
    {
        app.program().signal(SIGTTIN);
        wait_for_worker(app);
        ::kill(workers_of(app).at(0), SIGTERM);
        app.program().wait_for("ended");
        idle.all_are_answered();
        app.program().signal(SIGTTOU);
        app.program().wait_for("ended");
    }
    idle.all_are_answered();
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("kept: a slot that is scaled away has all of its many connections taken by another")
{
    REQUIRE(net::raise_descriptor_limit());
    api_server app{{.workers = 2}};
    crowd idle{app.port(), 2'000};
    app.program().signal(SIGTTOU);
    app.program().wait_for("ended");
    idle.all_are_answered();
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("kept: 200 deaths leave no descriptor and no process behind, and cost no request")
{
    api_server app{{.workers = 2}};
    crowd idle{app.port()};
    const auto settled = [&] { return processes_of(app) == 7; };  // primary, 2 of each kind
    REQUIRE(eventually(settled, 10s));
    const pid_t primary = primary_below(app.program().pid());
    const std::size_t before = descriptors_of(primary);
    for (int i = 0; i < 200; ++i) {
        const auto workers = workers_of(app);
        if (!workers.empty())
            ::kill(workers[static_cast<std::size_t>(i) % workers.size()], SIGKILL);
        CHECK_NOTHROW(who_is(idle.all[static_cast<std::size_t>(i) % idle.all.size()]));
    }
    idle.all_are_answered();
    CHECK(eventually(settled, 10s));
    CHECK(eventually([&] { return descriptors_of(primary) <= before + 2; }));
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("kept: a program that dies as soon as it listens gets growing pauses, then is given up")
{
    api_server app{{.workers = 2, .env = {"DIES_WHEN_LISTENING=1"}, .listening = 1}};
    app.program().wait_for("slot 1 is given up");
    const auto count = [&](std::string_view part) {
        return std::ranges::count_if(app.program().lines(), [part](const std::string& line) {
            return line.find(part) != std::string::npos;
        });
    };
    // The first is followed at once, by its standby; nobody is there to follow the others.
    CHECK(count("ended: exit code 43") == 5);
    CHECK(count("slot 1 rests for") == 3);
    CHECK(eventually([&] { return workers_of(app).size() == 1; }));
    client one{app.port()};
    CHECK(who_is(one).slot == 0);
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("kept: when a slot is given up, its idle connections go on in the others")
{
    const temporary_folder folder;
    const auto sign = folder.path() / "die";
    api_server app{
        {.workers = 2, .env = {"DIES_WHEN_LISTENING=1", "DIES_ONCE_THERE=" + sign.string()}}};
    crowd idle{app.port()};
    std::size_t theirs = 0;
    pid_t victim = 0;
    for (client& each : idle.all) {
        const seen who = who_is(each);
        if (who.slot != 1)
            continue;
        ++theirs;
        victim = who.pid;
    }
    REQUIRE(theirs != 0);
    std::ofstream{sign} << "now";
    ::kill(victim, SIGKILL);
    app.program().wait_for("slot 1 is given up");
    for (client& each : idle.all)
        CHECK(who_is(each).slot == 0);
    CHECK(eventually([&] { return keepers_below(app.program().pid()).size() == 1; }));
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("keepers off: workers are children of the process that was started, and die alone")
{
    api_server app{{.workers = 2, .env = {"COHORT_KEEPERS=off"}}};
    const auto workers = children_of(app.program().pid());
    CHECK(workers.size() == 2);
    client one{app.port()};
    const pid_t mine = static_cast<pid_t>(who_is(one).pid);
    ::kill(mine, SIGKILL);
    CHECK_THROWS(who_is(one));
    wait_for_worker(app);
    CHECK(app.program().stop().code() == 0);
}
