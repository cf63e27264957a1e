// The faults of Node's own primary, which must not exist here (docs/manual/from-node.md): each case
// makes the circumstances, and looks for the fault.

#include "api_server.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <poll.h>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

/// What became of a request.
enum class fate { answered, reset, hung };

fate fate_of(client& one)
{
    pollfd wait{.fd = one.descriptor(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, 30'000) != 1)
        return fate::hung;
    try {
        read_answer(one, 30s);
        return fate::answered;
    } catch (const failure& why) {
        return why.why().why() == errc::deadline_passed ? fate::hung : fate::reset;
    }
}

/// Waits a second of the kernel's time, in which only the others do something.
void let_a_second_pass() { ::poll(nullptr, 0, 1000); }

std::size_t lines_with(running_program& of, std::string_view part)
{
    return static_cast<std::size_t>(std::ranges::count_if(
        of.lines(), [&](const auto& line) { return line.find(part) != std::string::npos; }));
}

}  // namespace

TEST_CASE("a storm of kill -9 hangs no connection: each is answered, or reset with its worker")
{
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::minstd_rand dice{seed};
    for (const std::string balance : {"round_robin", "least_connections", "balanced"}) {
        CAPTURE(balance);
        api_server app{{.workers = 4, .balance = balance}};
        std::map<fate, int> fates;
        for (int round = 0; round < 20; ++round) {
            std::vector<client> clients;
            for (int i = 0; i < 25; ++i) {
                clients.emplace_back(app.port());
                ask_for(clients.back(), "/who");
                if (i == 12) {
                    const auto workers = app.workers();
                    if (!workers.empty())
                        ::kill(workers[dice() % workers.size()], SIGKILL);
                }
            }
            for (client& each : clients)
                ++fates[fate_of(each)];
        }
        MESSAGE(balance << ": " << fates[fate::answered] << " answered, " << fates[fate::reset]
                        << " reset, " << fates[fate::hung] << " hung");
        CHECK(fates[fate::hung] == 0);
        // Only what the dead worker had taken: of 25 connections at most its share of them.
        CHECK(fates[fate::answered] >= 400);
        CHECK(app.program().stop().code() == 0);
    }
}

TEST_CASE("connections dealt to workers that never look at them survive all of them")
{
    for (const std::string balance : {"round_robin", "least_connections", "sticky"}) {
        CAPTURE(balance);
        api_server app{{.workers = 4, .balance = balance}};
        const auto workers = app.workers();
        for (const pid_t each : workers)
            ::kill(each, SIGSTOP);
        std::vector<client> clients;
        for (int i = 0; i < 60; ++i) {
            clients.emplace_back(app.port());
            ask_for(clients.back(), "/who");
        }
        for (const pid_t each : workers)
            ::kill(each, SIGKILL);
        for (client& each : clients)
            CHECK(fate_of(each) == fate::answered);
    }
}

TEST_CASE("with a queue for each slot, what waits in a dead worker's queue is served")
{
    api_server app{{.workers = 2, .balance = "reuseport"}};
    const auto workers = app.workers();
    REQUIRE(workers.size() == 2);
    ::kill(workers[0], SIGSTOP);
    std::vector<client> clients;
    for (int i = 0; i < 40; ++i) {
        clients.emplace_back(app.port());
        ask_for(clients.back(), "/who");
    }
    ::kill(workers[0], SIGKILL);
    for (client& each : clients)
        CHECK(fate_of(each) == fate::answered);
}

TEST_CASE("a worker that was short of descriptors gets connections again afterwards")
{
    for (const std::string balance : {"balanced", "round_robin", "least_connections", "reuseport"})
    {
        CAPTURE(balance);
        api_server app{{.workers = 2, .balance = balance}};
        const auto workers = app.workers();
        REQUIRE(workers.size() == 2);
        const pid_t poor = workers[0];
        const rlim_t before = limit_descriptors(poor, 0);
        std::vector<client> clients;
        for (int i = 0; i < 12; ++i) {
            clients.emplace_back(app.port());
            ask_for(clients.back(), "/who");
        }
        // With a queue of its own, what waits there waits for its worker; nobody else can look.
        if (balance != "reuseport") {
            for (client& each : clients)
                CHECK(read_seen(read_answer(each)).pid == workers[1]);
        }
        limit_descriptors(poor, before);
        if (balance == "reuseport") {
            for (client& each : clients)
                CHECK(fate_of(each) == fate::answered);
        }
        // Those who stay make the other one busier, so that every policy has a reason to choose.
        CHECK(eventually([&] {
            clients.emplace_back(app.port());
            return who_is(clients.back()).pid == poor;
        }));
    }
}

TEST_CASE("a primary out of descriptors does not spin, says so sparingly, and recovers")
{
    api_server app{{.workers = 2, .balance = "round_robin"}};
    const rlim_t before = limit_descriptors(app.primary(), 0);
    client waits{app.port()};
    ask_for(waits, "/who");
    auto all = app.workers();
    all.push_back(app.primary());
    app.program().wait_for("cannot accept");
    const auto used = processor_time(all);
    const auto lines = app.program().lines().size();
    let_a_second_pass();
    CHECK(processor_time(all) - used <= 60ms);
    CHECK(app.program().lines().size() - lines <= 20);
    limit_descriptors(app.primary(), before);
    CHECK(fate_of(waits) == fate::answered);
}

TEST_CASE("when all workers are at connections_max nobody spins, and room is used when it comes")
{
    for (const std::string balance :
         {"balanced", "round_robin", "least_connections", "sticky", "reuseport"})
    {
        CAPTURE(balance);
        api_server app{{.workers = 2, .balance = balance, .file = "limit.connections = 2"}};
        // Clients of several addresses and ports, until both are full; a client whose turn does not
        // come waits.
        std::vector<client> holders;
        std::vector<client> waiting;
        for (int i = 1; holders.size() < 4 && i < 100; ++i) {
            client one = dial_from(fmt::format("127.0.0.{}", i), app.port());
            ask_for(one, "/who");
            try {
                static_cast<void>(read_answer(one, 500ms));
                holders.push_back(std::move(one));
            } catch (const failure&) {
                waiting.push_back(std::move(one));
            }
        }
        REQUIRE(holders.size() == 4);
        // Now: who began a moment later than the other may have been given one of the first.
        std::map<pid_t, int> share;
        for (client& each : holders) {
            ask_for(each, "/who");
            ++share[read_seen(read_answer(each)).pid];
        }
        for (const auto& [pid, has] : share)
            CHECK(has == 2);
        waiting.emplace_back(app.port());
        ask_for(waiting.back(), "/who");

        auto all = app.workers();
        all.push_back(app.primary());
        const auto used = processor_time(all);
        let_a_second_pass();
        CHECK(processor_time(all) - used <= 60ms);

        holders.clear();
        for (client& each : waiting) {
            CHECK(fate_of(each) == fate::answered);
            each = client{unique_fd{}};  // makes room for the next
        }
    }
}

TEST_CASE("a stop answers what is in flight and closes idle kept connections last")
{
    api_server app{{.workers = 1}};
    client idle{app.port()};
    client slow{app.port()};
    who_is(idle);
    ask_for(slow, "/wait");
    // A third one, so that we know that the slow request has arrived: one worker reads in order.
    client third{app.port()};
    who_is(third);

    app.program().signal(SIGTERM);
    app.program().wait_for("stopping");
    // The port is closed to newcomers or not; whoever is connected is served until the very end.
    const std::string answer = idle.get("/release");
    CHECK(answer.starts_with("HTTP/1.1 200"));
    CHECK(fate_of(slow) == fate::answered);
    CHECK(app.program().wait().code() == 0);
    CHECK(lines_with(app.program(), "cut") == 0);
}

TEST_CASE("a second INT ends at once what TERM would wait for")
{
    api_server app{{.workers = 2}};
    client slow{app.port()};
    ask_for(slow, "/wait");  // up to a minute
    app.program().signal(SIGINT);
    app.program().wait_for("stopping");
    app.program().signal(SIGINT);
    CHECK(app.program().wait(20s).code() == 0);
}

TEST_CASE("a worker that dies at boot is retried with growing pauses, then given up alone")
{
    api_server app{{.workers = 3, .env = {"DIES_AT_BOOT=1"}, .listening = 2}};
    app.program().wait_for("slot 1 is given up");
    CHECK(lines_with(app.program(), "ended: exit code 42") == 5);
    // One more, which runs none of the program, gives its connections away, and goes.
    CHECK(eventually([&] { return app.workers().size() == 2; }));

    // The pauses grow: 100 ms, then twice that, give or take the jitter.
    std::vector<std::string> rests;
    for (const auto& line : app.program().lines()) {
        const auto words = boost::json::parse(line).as_object();
        const std::string text{words.at("message").as_string()};
        if (text.starts_with("slot 1 rests"))
            rests.push_back(text);
    }
    CHECK(rests.size() == 3);

    // A quiet cohort from then on.
    auto all = app.workers();
    all.push_back(app.primary());
    const auto lines = app.program().lines().size();
    CHECK(lines <= 40);
    const auto used = processor_time(all);
    let_a_second_pass();
    CHECK(processor_time(all) - used <= 30ms);
    CHECK(app.program().lines().size() == lines);
    client one{app.port()};
    CHECK(who_is(one).slot != 1);
}
