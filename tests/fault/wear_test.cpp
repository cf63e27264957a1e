// Many deaths in a row leave nothing behind: no descriptor, no process, no file, no memory.
#include "storm.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;
using testing::eventually;

TEST_CASE("deaths in a row let nothing grow")
{
    const auto terms = storm_terms::read(1, 200);
    constexpr unsigned warm = 40;
    storm_server server;
    auto plan = load(server, terms);
    plan.connections = 16;
    // Kills come every 10 ms: what runs for longer would see four of them, and be given up.
    plan.asks.mix = testing::witness_mix::plain();
    plan.duration = 1h;  // stopped below
    auto watching = testing::witness::make(plan).value();

    random_source dice{terms.seed};
    const auto die = [&](unsigned times) {
        for (unsigned done = 0; done < times;) {
            (void)watching.run_for(10ms);
            (void)server.program().lines();
            if (server.strike(part::worker, SIGKILL, dice.next()))
                ++done;
        }
        CHECK(eventually([&] {
            (void)watching.run_for(10ms);
            return server.is_complete();
        }));
    };
    die(warm);
    const holdings before = count(server);
    die(terms.deaths);
    watching.stop();
    (void)watching.run();
    CHECK_MESSAGE(watching.report().good(), watching.report().text());

    // Connections of the witness are closed by now, and what is counted settles.
    holdings after = count(server);
    CHECK(eventually(
        [&] {
            after = count(server);
            return server.is_complete() && after.descriptors <= before.descriptors;
        },
        5s));
    CHECK(after.processes == before.processes);
    CHECK(after.no_more_than(before));
    CHECK(server.stop().empty());
}
