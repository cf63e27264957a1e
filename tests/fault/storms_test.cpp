// Processes of a cohort are killed again and again, and the witness must not notice.
#include "storm.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <string>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;
using testing::eventually;

namespace {

void went_well(const testing::witness& load)
{
    CHECK_MESSAGE(load.report().good(), load.report().text());
    MESSAGE(load.report().text());
}

void is_whole_again(storm_server& server)
{
    CHECK(eventually([&] { return server.is_complete(); }));
    const auto left = server.stop();
    CHECK_MESSAGE(left.empty(), (left.empty() ? std::string{} : left.front()));
}

}  // namespace

TEST_CASE("a random worker is killed ten times a second, and no request fails")
{
    const auto terms = storm_terms::read(5, 0);
    storm_server server;
    auto watching = testing::witness::make(load(server, terms)).value();
    const unsigned kills = storm(
        watching, 100ms, server,
        [&](std::uint64_t dice) { return server.strike(part::worker, SIGKILL, dice); }, terms.seed);
    went_well(watching);
    CHECK(kills > 0);
    CHECK(watching.report().replayed > 0);
    CHECK(server.said("ended: signal 9 (SIGKILL)") >= kills);
    is_whole_again(server);
}

TEST_CASE("workers and standbys are killed in any order, and no request fails")
{
    const auto terms = storm_terms::read(3, 0);
    storm_server server{{.workers = 3}};
    auto watching = testing::witness::make(load(server, terms)).value();
    const unsigned kills = storm(
        watching, 50ms, server,
        [&](std::uint64_t dice) {
            const part whom = dice % 3 == 0 ? part::worker : part::standby;
            return server.strike(whom, SIGKILL, dice / 3);
        },
        terms.seed);
    went_well(watching);
    CHECK(kills >= 10);
    is_whole_again(server);
}

TEST_CASE("a worker that is stopped is replaced within its heartbeat, and no request fails")
{
    const auto terms = storm_terms::read(4, 0);
    storm_server server{{.file = "[app.storm.health]\nheartbeat = \"400ms\"\n"}};
    auto plan = load(server, terms);
    plan.timeout = 5s;
    auto watching = testing::witness::make(plan).value();
    const unsigned stops = storm(
        watching, 1500ms, server,
        [&](std::uint64_t dice) { return server.strike(part::worker, SIGSTOP, dice); }, terms.seed);
    went_well(watching);
    CHECK(stops >= 2);
    // Connections that hang in the middle wait for the heartbeat, and for nothing else.
    CHECK(watching.report().latency().max() < 3s);
    // The last one may have been stopped just now.
    CHECK(eventually([&] { return server.said("is silent") >= stops; }, 5s));
    is_whole_again(server);
}

TEST_CASE("a keeper is killed every second, and no request fails")
{
    const auto terms = storm_terms::read(4, 0);
    storm_server server;
    auto watching = testing::witness::make(load(server, terms)).value();
    const unsigned kills = storm(
        watching, 1s, server,
        [&](std::uint64_t dice) { return server.strike(part::keeper, SIGKILL, dice); }, terms.seed);
    went_well(watching);
    CHECK(kills >= 2);
    is_whole_again(server);
}

TEST_CASE("the primary is killed every second, and no request fails")
{
    const auto terms = storm_terms::read(4, 0);
    storm_server server;
    const auto workers = server.all(part::worker);
    auto watching = testing::witness::make(load(server, terms)).value();
    const unsigned kills = storm(
        watching, 1s, server,
        [&](std::uint64_t dice) { return server.strike(part::primary, SIGKILL, dice); },
        terms.seed);
    went_well(watching);
    CHECK(kills >= 2);
    CHECK(watching.report().replayed == 0);
    CHECK(server.all(part::worker) == workers);
    is_whole_again(server);
}

TEST_CASE("anything is done to anybody but the root, in any order, and no request fails")
{
    const auto terms = storm_terms::read(6, 0);
    storm_server server{{.workers = 3, .file = "[app.storm.health]\nheartbeat = \"400ms\"\n"}};
    auto watching = testing::witness::make(load(server, terms)).value();
    // A keeper and its worker at once are more than anybody can survive: the kernel closes what
    // only they had. So a keeper dies alone.
    steady_time stopped{};
    bool alone = false;
    const unsigned deeds = storm(
        watching, 200ms, server,
        [&](std::uint64_t dice) {
            const std::uint64_t whom = dice >> 8;
            alone = alone && !server.is_complete();
            if (alone)
                return false;
            switch (dice % 12) {
                case 0:
                    return server.strike(part::primary, SIGKILL, whom);
                case 1:
                    alone = server.is_complete() && now() - stopped > 2s &&
                            server.strike(part::keeper, SIGKILL, whom);
                    return alone;
                case 2:
                    stopped = now();
                    return server.strike(part::worker, SIGSTOP, whom);
                case 3:
                    return server.strike(part::standby, SIGKILL, whom);
                case 4:
                    return server.strike(part::worker, SIGSEGV, whom);
                case 5:
                    return server.strike(part::worker, SIGABRT, whom);
                default:
                    return server.strike(part::worker, SIGKILL, whom);
            }
        },
        terms.seed);
    went_well(watching);
    CHECK(deeds >= 10);
    is_whole_again(server);
}
