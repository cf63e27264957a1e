// The primary becomes another program under load: no client notices, and no worker ends.
#include "editions.hpp"
#include "storm.hpp"

#include <cohort/board/journal_layout.hpp>
#include <cohort/board/layout.hpp>
#include <cohort/board/ledger_layout.hpp>
#include <cohort/config/serialize.hpp>
#include <cohort/primary/mold_line.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;
using control::exit_code;

namespace {

using names = std::vector<std::string>;

constexpr const char* quick = "[app.edition.reload]\nsoak = \"500ms\"\n"
                              "[app.edition.ready]\ntimeout = \"10s\"\n";

std::vector<pid_t> workers_of(const edition_server& server)
{
    auto all = server.processes("cohort: worker");
    std::ranges::sort(all);
    return all;
}

pid_t primary_of(const edition_server& server) { return server.processes("cohort: primary").at(0); }

/// Lets the load run while `deed` goes on in between, and expects nothing to fail.
void under_load(edition_server& server, const std::function<void()>& deed)
{
    const auto terms = storm_terms::read(600, 0);
    const auto report = test::under_load(server.load(terms.lasting, terms.seed), deed);
    CHECK_MESSAGE(report.good(), report.text());
    MESSAGE(report.text());
}

control::answer upgrade(const edition_server& server, milliseconds budget = 60s,
                        control::client::hear_progress tell = {})
{
    control::request what{"upgrade"};
    what.budget = budget;
    return server.ask(what, std::move(tell));
}

void check_upgrade(edition_server& server)
{
    const pid_t before = primary_of(server);
    const auto said = upgrade(server);
    CHECK_MESSAGE(said.code == exit_code::done, said.reason);
    CHECK(primary_of(server) != before);
}

/// Nothing came of it, for this reason; everybody is who he was.
void check_refusal(edition_server& server, exit_code code, std::string_view reason,
                   milliseconds budget = 60s)
{
    const pid_t primary = primary_of(server);
    const auto workers = workers_of(server);
    const auto said = upgrade(server, budget);
    CHECK_MESSAGE(said.code == code, said.reason);
    CHECK_MESSAGE(said.reason.find(reason) != std::string::npos, said.reason);
    CHECK(primary_of(server) == primary);
    CHECK(workers_of(server) == workers);
    CHECK(testing::eventually([&] { return server.processes("cohort: mold").empty(); }));
}

}  // namespace

TEST_CASE("the primary is upgraded again and again: no request fails, and no worker ends")
{
    const unsigned times = how_often("COHORT_STORM_UPGRADES", 5);
    edition_server server{{.file = quick}};
    const auto workers = workers_of(server);
    REQUIRE(workers.size() == 2);
    const auto keepers = server.processes("cohort: keeper");
    holdings first;
    under_load(server, [&] {
        for (unsigned i = 0; i < times; ++i) {
            server.deploy(i % 2 == 0 ? "2 fine" : "3 fine");
            check_upgrade(server);
            CHECK(workers_of(server) == workers);
            if (i == 1)
                first = count_settled(server.root(), server.temporary_files());
        }
    });
    CHECK(server.processes("cohort: keeper") == keepers);
    CHECK(server.editions() == names{"1"});
    if (times <= 2)
        return;
    // A new primary keeps the channels of the one before for a second.
    CHECK(testing::eventually([&] {
        return count(server.root(), server.temporary_files()).descriptors <= first.descriptors;
    }));
    CHECK(count_settled(server.root(), server.temporary_files()).no_more_than(first));
}

TEST_CASE("after an upgrade a reload brings the workers to the new program, and a rollback back")
{
    edition_server server{{.file = quick}};
    under_load(server, [&] {
        server.deploy("2 fine");
        check_upgrade(server);
        CHECK(server.ask("reload").code == exit_code::done);
        CHECK(server.editions() == names{"2"});
        CHECK(server.ask("rollback").code == exit_code::done);
        CHECK(server.editions() == names{"1"});
        server.deploy("3 fine");
        check_upgrade(server);
        CHECK(server.ask("rollback").code == exit_code::done);
        CHECK(server.editions() == names{"2"});
    });
}

TEST_CASE("USR2 to the process that was started upgrades, and the log has the verdict")
{
    edition_server server{{.file = quick}};
    const auto workers = workers_of(server);
    under_load(server, [&] {
        server.program().signal(SIGUSR2);
        server.program().wait_for("upgrade: cohort");
    });
    CHECK(workers_of(server) == workers);
}

TEST_CASE("a program that cannot go on in its place changes nothing")
{
    edition_server server{{.file = quick}};
    under_load(server, [&] {
        server.deploy("2 does_not_start");
        check_refusal(server, exit_code::rolled_back, "exit code 3");
        server.deploy("3 hangs_at_start");
        check_refusal(server, exit_code::timed_out, "not ready in time", 500ms);
        server.deploy("4 fine");
        ::chmod(server.path().c_str(), 0644);
        check_refusal(server, exit_code::rolled_back, "Permission denied");
        std::filesystem::remove(server.path());
        check_refusal(server, exit_code::rolled_back, "No such file");
        server.deploy("5 fine");
        server.configure({.file = "balance = \"round_robin\""});
        check_refusal(server, exit_code::invalid, "balance");
        server.configure({.file = quick});
        check_upgrade(server);
    });
    CHECK(server.editions() == names{"1"});
}

TEST_CASE("a program of another layout is refused, and says why")
{
    edition_server server{{.file = quick}};
    // What a build of another version says as its first words.
    const auto pretend = [&](std::uint32_t board, std::uint32_t ledger, std::uint32_t speech) {
        std::string text;
        for (const char each : config::serialize({}))
            text += fmt::format("{:02x}", static_cast<unsigned char>(each));
        std::filesystem::remove(server.path());
        std::ofstream{server.path()} << fmt::format(
            "#!/usr/bin/python3\n"
            "import os, socket, struct\n"
            "line = socket.socket(fileno=int(os.environ['COHORT_MOLD_FD']))\n"
            "line.send(struct.pack('<IIIIII24siI', 0x324d4f43, 1, {}, {}, {}, {}, b'9.9.9', 0, 1)\n"
            "          + bytes.fromhex('{}'))\n",
            board, board::journal_layout_number, ledger, speech, text);
        ::chmod(server.path().c_str(), 0755);
    };
    constexpr std::uint32_t rows = board::layout_number;
    constexpr std::uint32_t book = board::ledger_layout_number;
    constexpr std::uint32_t speech = primary::speech_number;
    pretend(rows + 1, book, speech);
    check_refusal(server, exit_code::rolled_back, "Cohort 9.9.9 (board layout");
    pretend(rows, book, speech + 1);
    check_refusal(server, exit_code::rolled_back, "a restart can take it in");
    pretend(rows, book + 1, speech);
    check_refusal(server, exit_code::rolled_back, "ledger layout");
    CHECK(server.editions() == names{"1"});
}

TEST_CASE("a program that fits on trial only is left again: the old one goes on")
{
    edition_server server{{.file = quick}};
    const auto workers = workers_of(server);
    under_load(server, [&] {
        server.deploy("2 fits_on_trial");
        const auto said = upgrade(server);
        CHECK_MESSAGE(said.code == exit_code::rolled_back, said.reason);
        CHECK_MESSAGE(said.reason.find("--nonsense") != std::string::npos, said.reason);
        CHECK_MESSAGE(said.reason.find("the old program goes on") != std::string::npos,
                      said.reason);
        CHECK(workers_of(server) == workers);
        server.deploy("3 fine");
        check_upgrade(server);
        CHECK(workers_of(server) == workers);
    });
}

TEST_CASE("primary, mold and keeper die after an upgrade: the generation stays what it is")
{
    edition_server server{{.file = quick}};
    const auto workers = workers_of(server);
    under_load(server, [&] {
        server.deploy("2 fine");
        check_upgrade(server);
        ::kill(primary_of(server), SIGKILL);
        server.program().wait_for("this primary goes on where one that died stopped");
        CHECK(testing::eventually([&] { return server.processes("cohort: mold").size() == 1; }));
        CHECK(workers_of(server) == workers);
        ::kill(server.processes("cohort: keeper").at(0), SIGKILL);
        server.program().wait_for("listening on port");
        // The one whose keeper died leaves by itself, and hears calls for its slot until then.
        CHECK(testing::eventually([&] { return workers_of(server).size() == 2; }));
        check_upgrade(server);
    });
    CHECK(server.editions() == names{"1"});
}

TEST_CASE("the primary dies while a program is tried out: who asked hears that nothing came of it")
{
    edition_server server{{.file = quick}};
    server.deploy("2 hangs_at_start");
    under_load(server, [&] {
        const auto said = upgrade(
            server, 60s, [&](const control::progress&) { ::kill(primary_of(server), SIGKILL); });
        CHECK_MESSAGE(said.code == exit_code::rolled_back, said.reason);
        CHECK_MESSAGE(said.reason.find("the primary ended") != std::string::npos, said.reason);
    });
    server.deploy("3 fine");
    check_upgrade(server);
}

TEST_CASE("of two who want to change the cohort at a time one is refused")
{
    edition_server server{{.file = quick}};
    server.deploy("2 fine");
    unsigned refused = 0;
    const auto said = server.ask(control::request{"reload"}, [&](const control::progress&) {
        if (refused == 0 && upgrade(server).code == exit_code::refused)
            ++refused;
    });
    CHECK_MESSAGE(said.code == exit_code::done, said.reason);
    CHECK(refused == 1);
    server.deploy("3 hangs_at_start");
    const auto tried = upgrade(server, 2s, [&](const control::progress&) {
        CHECK(server.ask("reload").code == exit_code::refused);
        CHECK(upgrade(server).code == exit_code::refused);
    });
    CHECK(tried.code == exit_code::timed_out);
    CHECK(server.editions() == names{"2"});
}
