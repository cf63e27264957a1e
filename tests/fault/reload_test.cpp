// One generation follows another under load, and no client notices; bad ones are put back.
#include "editions.hpp"
#include "storm.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;

namespace {

using names = std::vector<std::string>;

constexpr const char* quick = "[app.edition.reload]\nsoak = \"1500ms\"\n"
                              "[app.edition.ready]\ntimeout = \"3s\"\n";

/// Lets the load run while `deed` goes on in between, and expects nothing to fail.
void under_load(edition_server& server, const std::function<void()>& deed)
{
    const auto terms = storm_terms::read(600, 0);
    const auto report = test::under_load(server.load(terms.lasting, terms.seed), deed);
    CHECK_MESSAGE(report.good(), report.text());
    MESSAGE(report.text());
}

}  // namespace

TEST_CASE("a new edition takes over, and no request fails")
{
    edition_server server{{.file = quick}};
    CHECK(server.editions() == names{"1"});
    under_load(server, [&] {
        server.deploy("2 fine");
        const std::string said = server.reload();
        CHECK_MESSAGE(said.starts_with("reload: generation 2 serves with 2 workers"), said);
    });
    CHECK(server.editions() == names{"2"});
    CHECK(server.processes("cohort: worker").size() == 2);
    CHECK(server.processes("cohort: mold").size() == 1);
}

TEST_CASE("one worker alone is replaced like many")
{
    edition_server server{{.workers = 1, .file = quick}};
    under_load(server, [&] {
        server.deploy("2 fine");
        CHECK(server.reload().starts_with("reload: generation 2 serves with 1 workers"));
        server.deploy("3 fine");
        CHECK(server.reload().starts_with("reload: generation 3 serves with 1 workers"));
    });
    CHECK(server.editions() == names{"3"});
}

TEST_CASE("a bad build is put back, with the reason, and no request fails")
{
    struct bad {
        const char* words;
        const char* verdict;
        const char* reason;
    };
    const std::vector<bad> builds{
        {"2 does_not_start", "reload: unchanged", "exit code 3"},
        {"3 dies_at_start", "reload: rolled_back", "exit code 9"},
        {"4 never_ready", "reload: rolled_back", "was not ready within"},
        {"5 crashes_soon", "reload: rolled_back", "SIGABRT"},
    };
    edition_server server{{.file = quick}};
    under_load(server, [&] {
        for (const bad& each : builds) {
            server.deploy(each.words);
            const std::string said = server.reload();
            CHECK_MESSAGE(said.starts_with(each.verdict), said);
            CHECK_MESSAGE(said.find(each.reason) != std::string::npos, said);
        }
    });
    CHECK(server.editions() == names{"1"});
    CHECK(server.processes("cohort: worker").size() == 2);
}

TEST_CASE("a build that is no program at all changes nothing")
{
    edition_server server{{.file = quick}};
    server.deploy("2 fine");
    server.configure({.file = "[app.edition.nonsense]\nkey = 1\n"});
    const std::string said = server.reload();
    CHECK_MESSAGE(said.starts_with("reload: unchanged"), said);
    CHECK_MESSAGE(said.find("nonsense") != std::string::npos, said);
    CHECK(server.editions() == names{"1"});
}

TEST_CASE("the mold dies, a keeper dies, the primary dies: the generation stays what it is")
{
    edition_server server{{.file = quick}};
    server.deploy("2 fine");
    REQUIRE(server.reload().starts_with("reload: generation 2 serves"));
    server.deploy("3 does_not_start");
    under_load(server, [&] {
        for (int i = 0; i < 3; ++i) {
            ::kill(server.processes("cohort: mold").at(0), SIGKILL);
            server.program().wait_for("the mold of generation 2 ended");
            ::kill(server.processes("cohort: keeper").at(0), SIGKILL);
            server.program().wait_for("listening on port");
            ::kill(server.processes("cohort: primary").at(0), SIGKILL);
            server.program().wait_for("this primary goes on where one that died stopped");
            CHECK(
                testing::eventually([&] { return server.processes("cohort: mold").size() == 1; }));
        }
    });
    CHECK(server.editions() == names{"2"});
    server.deploy("4 fine");
    const std::string said = server.reload();
    CHECK_MESSAGE(said.starts_with("reload: generation"), said);
    CHECK(server.editions() == names{"4"});
}

TEST_CASE("the primary dies in the middle of a reload: all workers are of one edition again")
{
    edition_server server{{.workers = 3, .file = quick}};
    const auto of_one_edition = [&] {
        return server.processes("cohort: worker").size() == 3 && server.editions().size() == 1;
    };
    under_load(server, [&] {
        for (int i = 0; i < 4; ++i) {
            server.deploy(i % 2 == 0 ? "2 fine" : "3 fine");
            server.program().signal(SIGHUP);
            server.program().wait_for(i < 2 ? "watching it for" : "slot 0 is of generation");
            ::kill(server.processes("cohort: primary").at(0), SIGKILL);
            server.program().wait_for("this primary goes on where one that died stopped");
            CHECK(testing::eventually(of_one_edition));
        }
    });
    // The reader of the log may have been late: what was committed before the kill stays.
    const auto serves = server.ask("ls").data.at("generation").to_number<int>();
    if (serves == 1) {
        CHECK(server.editions() == names{"1"});
    } else {
        const std::string committed =
            "\"message\":\"generation " + std::to_string(serves) + " serves\"";
        CHECK(std::ranges::any_of(server.program().lines(), [&](const std::string& line) {
            return line.contains(committed);
        }));
    }
}
