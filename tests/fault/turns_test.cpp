// What a reload says is so, and stays so: whoever dies after it, whoever else changes the number of
// workers, and whatever the settings say.
#include "editions.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;
using control::exit_code;

namespace {

using names = std::vector<std::string>;

constexpr const char* no_soak = "[app.edition.reload]\nsoak = \"0\"\nabort_if = [\"crash\"]\n";
constexpr const char* long_soak = "[app.edition.reload]\nsoak = \"3s\"\nabort_if = [\"crash\"]\n";

void lose_primary(edition_server& server)
{
    ::kill(server.processes("cohort: primary").at(0), SIGKILL);
    server.program().wait_for("this primary goes on where one that died stopped");
}

std::size_t workers(const edition_server& server)
{
    return server.processes("cohort: worker").size();
}

std::int64_t number_in(const control::answer& said, std::string_view key)
{
    return said.data.at(key).to_number<std::int64_t>();
}

/// Every slot that somebody sits in is of this generation, and nobody moves.
bool is_settled(const edition_server& server, std::int64_t generation, std::size_t count)
{
    const auto seen = server.ask("ls");
    const auto& slots = seen.data.at("slots").as_array();
    for (const auto& each : slots) {
        if (each.at("generation").to_number<std::int64_t>() != generation ||
            each.at("stage") != "serving")
            return false;
    }
    return slots.size() == count && number_in(seen, "generation") == generation;
}

}  // namespace

TEST_CASE("a generation that was committed stays, whichever primaries die after it")
{
    edition_server server{{.file = no_soak}};
    for (int edition = 2; edition <= 4; ++edition) {
        server.deploy(std::to_string(edition) + " fine");
        const std::string said = server.reload();
        const std::string wanted = "reload: generation " + std::to_string(edition) + " serves";
        CHECK_MESSAGE(said.starts_with(wanted), said);
        lose_primary(server);
        CHECK(testing::eventually([&] { return server.processes("cohort: mold").size() == 1; }));
        CHECK(testing::eventually([&] { return is_settled(server, edition, 2); }));
        CHECK(server.editions() == names{std::to_string(edition)});
    }
    // What is gone back to is what served before, and no namesake of it.
    const auto back = server.ask("rollback");
    CHECK_MESSAGE(back.code == exit_code::done, back.reason);
    CHECK(server.editions() == names{"3"});
}

TEST_CASE("what a reload finds in the settings is so afterwards, and a plan finds nothing more")
{
    edition_server server{{.file = no_soak}};
    const std::string waits = std::string{no_soak} + "[app.edition.stop]\ndrain = \"300ms\"\n";
    server.configure({.workers = 4, .file = waits});
    const auto said = server.ask("reload");
    CHECK_MESSAGE(said.reason.starts_with("generation 2 serves with 4 workers"), said.reason);
    CHECK(is_settled(server, 2, 4));
    CHECK(number_in(server.ask("ls"), "wanted") == 4);
    CHECK(server.ask("plan").data.at("changes").as_array().empty());

    // Somebody's own number stays, when the file says nothing new; also over a primary's death.
    CHECK(server.ask("scale", {{"to", "3"}}).code == exit_code::done);
    CHECK(server.ask("reload").code == exit_code::done);
    CHECK(is_settled(server, 3, 3));
    lose_primary(server);
    CHECK(testing::eventually([&] { return is_settled(server, 3, 3); }));
    server.configure({.workers = 1, .file = waits});
    const auto fewer = server.ask("reload");
    CHECK_MESSAGE(fewer.reason.starts_with("generation 4 serves with 1 workers"), fewer.reason);
    CHECK(is_settled(server, 4, 1));

    server.program().signal(SIGTERM);
    server.program().wait_for("serving on for 300 ms before the drain");
}

TEST_CASE("nobody changes the number of workers while a reload replaces them")
{
    edition_server server{{.workers = 3, .file = long_soak}};
    server.deploy("2 fine");
    server.program().signal(SIGHUP);
    server.program().wait_for("watching it for");
    for (const char* verb : {"scale", "drain", "resume"}) {
        const auto refused = server.ask(verb, {{"to", "1"}});
        CHECK(refused.code == exit_code::refused);
        CHECK_MESSAGE(refused.reason.starts_with("a reload is under way"), refused.reason);
    }
    server.program().signal(SIGTTOU);
    server.program().wait_for("workers are being replaced: going on with 3");
    server.program().wait_for("generation 2 serves");
    CHECK(testing::eventually([&] { return is_settled(server, 2, 3); }));
    const auto fewer = server.ask("scale", {{"to", "1"}});
    CHECK_MESSAGE(fewer.reason == "1 of 1 workers serve", fewer.reason);
    CHECK(server.ask("reload").reason.starts_with("generation 3 serves with 1 workers"));
    CHECK(is_settled(server, 3, 1));
}

TEST_CASE("two signals at once are one reload after the other")
{
    edition_server server{{.file = no_soak}};
    for (int edition = 2; edition <= 3; ++edition) {
        server.deploy(std::to_string(edition) + " fine");
        ::kill(server.processes("cohort: primary").at(0), SIGHUP);
        server.program().signal(SIGHUP);
        server.program().wait_for("reload: generation");
        CHECK(testing::eventually(
            [&] { return server.editions() == names{std::to_string(edition)}; }));
    }
    CHECK(testing::eventually([&] { return server.ask("reload").code == exit_code::done; }));
    for (const std::string& line : server.program().lines())
        CHECK_MESSAGE(line.find("another reload") == std::string::npos, line);
}

TEST_CASE("what came from a descriptor at the start is there in every generation")
{
    const std::string needs = std::string{no_soak} + "[app.edition.env]\nFIX = {fd = 9}\n";
    const std::string opens_it = "import os, sys; r, w = os.pipe(); os.write(w, b'yes');"
                                 "os.dup2(r, 9); os.execv(sys.argv[1], sys.argv[1:])";
    edition_server server{{.file = needs, .under = {"/usr/bin/python3", "-c", opens_it}}};
    for (int edition = 2; edition <= 4; ++edition) {
        server.deploy(std::to_string(edition) + " second_dies");  // without FIX
        const auto said = server.ask("reload");
        CHECK_MESSAGE(said.code == exit_code::done, said.reason);
        if (edition == 3) {
            lose_primary(server);
            CHECK(testing::eventually([&] { return is_settled(server, 3, 2); }));
        }
    }
    CHECK(server.editions() == names{"4"});
    // Root and primary would have nobody to read it from again.
    CHECK(server.ask("upgrade").code == exit_code::invalid);
    server.configure({.file = needs + "OTHER = {fd = 7}\n"});
    const auto refused = server.ask("reload");
    CHECK(refused.code == exit_code::invalid);
    CHECK_MESSAGE(refused.reason.contains("descriptor 7"), refused.reason);
    CHECK(server.editions() == names{"4"});
}

TEST_CASE("a worker that cannot be born at once is born later")
{
    edition_server server{{.file = no_soak}};
    server.deploy("2 fine");
    REQUIRE(server.reload().starts_with("reload: generation 2 serves"));
    const pid_t mold = server.processes("cohort: mold").at(0);
    ::kill(mold, SIGSTOP);
    const auto more = server.ask("scale", {{"to", "4"}});
    CHECK_MESSAGE(more.reason == "4 of 4 workers serve", more.reason);
    CHECK(more.code == exit_code::done);
    CHECK(workers(server) == 4);
    CHECK(server.processes("cohort: mold").size() == 1);
    CHECK(server.processes("cohort: mold").at(0) != mold);
    CHECK(is_settled(server, 2, 4));

    // The same while the seat of somebody who serves is given to another one.
    server.deploy("3 fine");
    ::kill(server.processes("cohort: mold").at(0), SIGSTOP);
    ::kill(server.processes("cohort: keeper").at(0), SIGKILL);
    CHECK(testing::eventually([&] { return is_settled(server, 2, 4); }));
    CHECK(server.reload().starts_with("reload: generation 3 serves with 4 workers"));
}
