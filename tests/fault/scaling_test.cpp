// The number of workers follows the load, up and down, and no client notices.
#include "editions.hpp"
#include "storm.hpp"

#include <cohort/base/random.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <cstdint>
#include <future>
#include <string>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* eager = "[app.edition.scale]\ntarget = \"10%\"\nup_after = \"500ms\"\n"
                              "down_after = \"1s\"\n";

bool has_workers(const edition_server& of, std::size_t count)
{
    return of.processes("cohort: worker").size() == count;
}

/// As `ls` shows it.
std::string number_of(const edition_server& of)
{
    return std::string{of.ask("ls").data.at("workers").as_string()};
}

/// Another primary goes on.
void lose_primary(edition_server& of)
{
    for (const pid_t each : of.processes("cohort: primary"))
        ::kill(each, SIGKILL);
    CHECK(!of.program().wait_for("goes on where one that died stopped").empty());
}

}  // namespace

TEST_CASE("a cohort grows under load and shrinks after it, and no request fails")
{
    edition_server server{{.range = "2..4", .file = eager}};
    // It starts with what this machine's quota gives; nobody asks anything yet.
    CHECK(testing::eventually([&] { return has_workers(server, 2); }));

    const auto terms = storm_terms::read(600, 0);
    auto watching = testing::witness::make(server.load(terms.lasting, terms.seed)).value();
    bool grew = false;
    for (const auto until = now() + testing::patience; !grew && now() < until;) {
        if (!watching.run_for(100ms))
            break;
        grew = has_workers(server, 4);
    }
    CHECK(grew);
    watching.stop();
    while (watching.run_for(100ms)) {
    }
    CHECK_MESSAGE(watching.report().good(), watching.report().text());
    MESSAGE(watching.report().text());
    CHECK(testing::eventually([&] { return has_workers(server, 2); }));
}

TEST_CASE("the number of workers walks between 1 and 8, and no request fails")
{
    const unsigned steps = how_often("COHORT_STORM_STEPS", 6);
    const auto terms = storm_terms::read(3600, 0);
    edition_server server{{.workers = 1}};
    const auto report = under_load(server.load(terms.lasting, terms.seed), [&] {
        random_source dice{terms.seed};
        for (unsigned i = 0; i < steps; ++i) {
            // From one end to the other first, then anywhere.
            const std::uint64_t to = i == 0 ? 8 : i == 1 ? 1 : 1 + dice.next() % 8;
            const auto said = server.ask("scale", {{"to", std::to_string(to)}});
            CHECK_MESSAGE(said.code == control::exit_code::done, said.reason);
            CHECK_MESSAGE(has_workers(server, to), to, " wanted: ", said.reason);
        }
    });
    CHECK_MESSAGE(report.good(), report.text());
    MESSAGE(steps << " steps\n" << report.text());
}

TEST_CASE("whoever sets the number by hand pins it")
{
    edition_server server{{.range = "2..4", .file = eager}};
    CHECK(testing::eventually([&] { return has_workers(server, 2); }));
    server.program().signal(SIGTTIN);
    const auto line = server.program().wait_for("scaling: the number of workers stays 3");
    CHECK(!line.empty());
    CHECK(testing::eventually([&] { return has_workers(server, 3); }));
}

TEST_CASE("a range that is said by hand is followed, and a number fixes it again")
{
    edition_server server{{.workers = 1, .file = eager}};
    CHECK(number_of(server) == "1");
    const auto said = server.ask("scale", {{"to", "2..4"}});
    CHECK_MESSAGE(said.code == control::exit_code::done, said.reason);
    CHECK(has_workers(server, 2));
    CHECK(number_of(server) == "2..4");

    const auto terms = storm_terms::read(600, 0);
    auto watching = testing::witness::make(server.load(terms.lasting, terms.seed)).value();
    bool grew = false;
    for (const auto until = now() + testing::patience; !grew && now() < until;) {
        if (!watching.run_for(100ms))
            break;
        grew = has_workers(server, 4);
    }
    CHECK(grew);
    // Who leaves waits for its slow readers: they go on meanwhile.
    auto asked =
        std::async(std::launch::async, [&] { return server.ask("scale", {{"to", "3"}}).code; });
    while (asked.wait_for(0s) != std::future_status::ready && watching.run_for(10ms)) {
    }
    CHECK(asked.get() == control::exit_code::done);
    CHECK(number_of(server) == "3");
    watching.stop();
    while (watching.run_for(100ms)) {
    }
    CHECK_MESSAGE(watching.report().good(), watching.report().text());
    for (const char* const wrong : {"4..2", "0..2", "1..257", "..", "2..", "auto"})
        CHECK(server.ask("scale", {{"to", wrong}}).code == control::exit_code::usage);
    CHECK(number_of(server) == "3");
}

TEST_CASE("what was said of the number outlives the primary, and a reload with the same `workers`")
{
    const std::string file = std::string{eager} + "[app.edition.reload]\nsoak = \"100ms\"\n";
    edition_server server{{.range = "2..4", .file = file}};
    CHECK(server.ask("scale", {{"to", "3"}}).code == control::exit_code::done);
    lose_primary(server);
    CHECK(number_of(server) == "3");
    CHECK(server.ask("scale", {{"to", "3..5"}}).code == control::exit_code::done);
    lose_primary(server);
    CHECK(number_of(server) == "3..5");
    CHECK(server.reload().starts_with("reload: generation 2 serves with 3 workers"));
    CHECK(number_of(server) == "3..5");

    server.configure({.range = "1..2", .file = file});
    CHECK(server.reload().starts_with("reload: generation 3 serves with 2 workers"));
    CHECK(number_of(server) == "1..2");
}
