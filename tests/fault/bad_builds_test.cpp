// Bad builds under clients that never open a second connection: they are found out all the same,
// since the canary gets its share of the connections that are open already.
#include "editions.hpp"
#include "storm.hpp"

#include <cohort/base/random.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include <poll.h>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;
using control::exit_code;
using testing::witness_outcome;
using testing::witness_report;

namespace {

using names = std::vector<std::string>;

/// Judged by one rule alone, so that nothing but this one can have found it out.
std::string judged_by(std::string_view rule)
{
    return fmt::format("[app.edition.reload]\nsoak = \"8s\"\nabort_if = [\"{}\"]\n", rule);
}

/// GET and POST, each client on its one connection. So few that the machine is no part of it.
testing::witness_plan faithful_clients(const edition_server& server, std::uint32_t connections)
{
    testing::witness_plan what = server.plain_load(600s, storm_terms::read(600, 0).seed);
    what.connections = connections;
    what.rate = 120;
    return what;
}

/// Every request was answered, on a connection that nobody closed.
void check_nothing_was_lost(const witness_report& seen, std::uint32_t connections)
{
    CHECK_MESSAGE(seen.adds_up(), seen.text());
    const std::uint64_t answered = seen.count(witness_outcome::ok) +
                                   seen.count(witness_outcome::answered_500) +
                                   seen.count(witness_outcome::status);
    CHECK_MESSAGE(answered == seen.planned, seen.text());
    CHECK(seen.stray_bytes == 0);
    CHECK(seen.connects <= connections);
    CHECK(seen.idle_closes == 0);
    CHECK(seen.said_close == 0);
    for (const testing::witness_failure& each : seen.failures)
        CHECK_MESSAGE(each.detail.find("500") != std::string::npos, each.detail);
}

std::uint64_t own_failures(const witness_report& seen)
{
    return seen.count(witness_outcome::status) + seen.count(witness_outcome::answered_500);
}

/// A reload to `build` under such clients is rolled back for `reason`. Returns what they saw.
witness_report is_rolled_back(std::string_view rule, std::string_view build,
                              std::string_view reason, std::uint32_t connections = 24)
{
    edition_server server{{.file = judged_by(rule)}};
    const auto report = under_load(faithful_clients(server, connections), [&] {
        server.deploy(build);
        const control::answer said = server.ask("reload");
        CHECK_MESSAGE(said.code == exit_code::rolled_back, said.reason);
        CHECK_MESSAGE(said.reason.find(reason) != std::string::npos, said.reason);
        CHECK(said.data.at("end") == "rolled_back");
        MESSAGE(said.reason);
    });
    check_nothing_was_lost(report, connections);
    MESSAGE(report.text());
    CHECK(server.editions() == names{"1"});
    CHECK(server.processes("cohort: worker").size() == 2);
    return report;
}

std::int64_t connections_of(const edition_server& server, std::size_t slot)
{
    const auto said = server.ask("ls").data;
    for (const auto& each : said.at("slots").as_array()) {
        const auto& words = each.as_object();
        if (words.at("slot").to_number<std::size_t>() == slot && words.contains("connections"))
            return words.at("connections").to_number<std::int64_t>();
    }
    return -1;
}

}  // namespace

TEST_CASE("a build that answers 500 is put back, and its own answers are all that failed")
{
    const auto seen = is_rolled_back("5xx > 1%", "2 fails", "answers were 5xx");
    CHECK(own_failures(seen) >= 50);  // so many the rule needs
}

TEST_CASE("one client with one connection is enough to find it out")
{
    const auto seen = is_rolled_back("5xx > 1%", "2 fails", "answers were 5xx", 1);
    CHECK(own_failures(seen) >= 50);
}

TEST_CASE("a build that is slow is put back, and no request fails")
{
    CHECK(own_failures(is_rolled_back("p99 > 3x", "2 crawls", "its p99 is")) == 0);
}

TEST_CASE("a build that eats memory with every request is put back, and no request fails")
{
    CHECK(own_failures(is_rolled_back("memory > 2x", "2 eats", "MiB of memory")) == 0);
}

TEST_CASE("a build that crashes after a few seconds is put back, and no request fails")
{
    // Who must not run twice, and ran just then, is told so: 500, on a connection that stays.
    const auto seen = is_rolled_back("crash", "2 crashes_late", "SIGABRT");
    CHECK(seen.failed() == 0);
}

TEST_CASE("a good build is committed, and the verdict says how many answers it is worth")
{
    edition_server server{
        {.file = "[app.edition.reload]\nsoak = \"3s\"\nabort_if = [\"crash\", \"5xx > 1%\"]\n"}};
    const auto report = under_load(faithful_clients(server, 24), [&] {
        server.deploy("2 fine");
        const control::answer said = server.ask("reload");
        CHECK_MESSAGE(said.code == exit_code::done, said.reason);
        CHECK_MESSAGE(said.reason.find("answers of the new workers were judged") !=
                          std::string::npos,
                      said.reason);
        CHECK(said.data.at("answers_judged").to_number<std::uint64_t>() >= 50);
        MESSAGE(said.reason);
    });
    check_nothing_was_lost(report, 24);
    CHECK(report.good());
    MESSAGE(report.text());
    CHECK(server.editions() == names{"2"});
}

TEST_CASE("a build that nobody asked is committed, and the verdict says that nobody did")
{
    edition_server server{{.file = "[app.edition.reload]\nsoak = \"500ms\"\n"}};
    server.deploy("2 fails");
    const control::answer said = server.ask("reload");
    CHECK_MESSAGE(said.code == exit_code::done, said.reason);
    CHECK_MESSAGE(said.reason.find("no answer of the new workers was seen") != std::string::npos,
                  said.reason);
    CHECK(said.data.at("answers_judged") == 0);
}

TEST_CASE("a worker more takes its share of what is open, and no request fails")
{
    edition_server server{{}};
    const auto report = under_load(faithful_clients(server, 30), [&] {
        CHECK(server.ask("scale", {{"to", "3"}}).code == exit_code::done);
        // Not all of them need be open already when it comes; of those that are it has a third.
        CHECK(testing::eventually([&] { return connections_of(server, 2) >= 5; }));
    });
    check_nothing_was_lost(report, 30);
    CHECK(report.good());
}

TEST_CASE("who gives or takes may die of it, and no request fails")
{
    edition_server server{{}};
    const auto terms = storm_terms::read(600, 0);
    const auto report = under_load(server.plain_load(terms.lasting, terms.seed), [&] {
        random_source dice{terms.seed};
        for (int i = 0; i < 10; ++i) {
            server.program().signal(SIGTTIN);
            server.program().wait_for("listening on port");
            const auto all = server.processes("cohort: worker");
            // The newcomer is the last of them, as a rule.
            ::kill(i % 2 == 0 ? all.back() : all.at(dice.next() % all.size()), SIGKILL);
            const auto three = [&] { return server.processes("cohort: worker").size() == 3; };
            CHECK(testing::eventually(three));
            CHECK(server.ask("scale", {{"to", "2"}}).code == exit_code::done);
        }
    });
    CHECK_MESSAGE(report.good(), report.text());
    MESSAGE(report.text());
}

TEST_CASE("keepers and primaries may die while connections are given away, and no request fails")
{
    edition_server server{{}};
    const auto terms = storm_terms::read(600, 0);
    const auto report = under_load(server.plain_load(terms.lasting, terms.seed), [&] {
        random_source dice{terms.seed};
        for (int i = 0; i < 8; ++i) {
            server.program().signal(SIGTTIN);
            server.program().wait_for("listening on port");
            // Orders go out every 20 ms: before the first, or among the next.
            (void)::poll(nullptr, 0, static_cast<int>(dice.next() % 100));
            const auto all = server.processes(i % 2 == 0 ? "cohort: primary" : "cohort: keeper");
            ::kill(all.at(dice.next() % all.size()), SIGKILL);
            const auto two_again = [&] {
                try {
                    return server.ask("scale", {{"to", "2"}}).code == exit_code::done;
                } catch (const failure&) {
                    return false;  // nobody hears between two primaries
                }
            };
            CHECK(testing::eventually(two_again));
            const auto two = [&] { return server.processes("cohort: worker").size() == 2; };
            CHECK(testing::eventually(two));
        }
    });
    CHECK_MESSAGE(report.good(), report.text());
    MESSAGE(report.text());
}
