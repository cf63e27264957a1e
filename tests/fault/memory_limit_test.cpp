// limit.memory: a worker that takes more than it may have is ended by the kernel, its connections
// go on, and what was made for that goes with the slot.
#include "editions.hpp"
#include "storm.hpp"

#include "../test_main.hpp"

#include <cohort/process/cgroup.hpp>
#include <cohort/process/memory_group_test.hpp>
#include <cohort/testing/client.hpp>

#include <boost/json/serialize.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* bounded = "[app.edition.limit]\nmemory = \"256M\"\n"
                                "[app.edition.reload]\nsoak = \"20s\"\n"
                                "abort_if = [\"crash\"]\n";  // not that it is slow before it dies

/// 12 of these bodies are far more than a slot may have.
constexpr const char* narrow = "[app.edition.limit]\nmemory = \"64M\"\nbody = \"16M\"\n"
                               "[app.edition.restart]\ngive_up = \"never\"\n";

/// Is it kept here? (Not everybody may make control groups.)
bool is_kept(const edition_server& of, std::string_view limit = "256M")
{
    const std::string said{of.ask("ls").data.at("memory_limit").as_string()};
    if (said.starts_with(fmt::format("{} (cgroup v", limit)))
        return true;
    CHECK(said.starts_with(fmt::format("{}, not kept: ", limit)));
    process::no_groups_here(said);
    testing::shows_nothing();
    return false;
}

constexpr std::string_view killed = "killed by the kernel for memory (OOM)";

/// A request whose last bytes do not come. False: the server has closed it meanwhile.
bool begin_upload(testing::client& by)
{
    try {
        by.send("POST /alike HTTP/1.1\r\nHost: x\r\nContent-Length: 15000000\r\n\r\n");
        by.send(std::string(14'000'000, 'x'));
        return true;
    } catch (const failure&) {
        return false;
    }
}

/// Groups that were made for the slots of this root, wherever they are.
std::vector<std::string> groups_of(pid_t root)
{
    const auto read = [](const std::string& path) { return process::read_system_file(path); };
    std::vector<std::string> all;
    for (const auto version : {process::cgroup_version::one, process::cgroup_version::two}) {
        for (const std::string& folder : process::cgroup_folders(version, "memory", read)) {
            std::error_code ignored;
            for (const auto& each : std::filesystem::directory_iterator{folder, ignored}) {
                const std::string name = each.path().filename();
                if (name.starts_with(fmt::format("cohort.{}.", root)))
                    all.push_back(name);
            }
        }
    }
    return all;
}

}  // namespace

TEST_CASE("a build that leaks is ended by its limit, rolled back with that reason, and no request "
          "fails")
{
    edition_server server{{.workers = 2, .file = bounded}};
    if (!is_kept(server))
        return;
    CHECK(groups_of(server.root()).size() == 2);
    server.deploy("2 leaks");
    const auto terms = storm_terms::read(600, 0);
    std::string said;
    const auto report =
        under_load(server.load(terms.lasting, terms.seed), [&] { said = server.reload(); });
    CHECK_MESSAGE(said.find("killed by the kernel for memory (OOM)") != std::string::npos, said);
    CHECK_MESSAGE(report.good(), report.text());
    CHECK(server.editions() == std::vector<std::string>{"1"});
    // That of the canary has gone with it.
    CHECK(testing::eventually([&] { return groups_of(server.root()).size() == 2; }));
}

TEST_CASE("groups for memory outlive the primary, go with their slots, and all of them at the end")
{
    edition_server server{{.workers = 3, .file = bounded}};
    if (!is_kept(server))
        return;
    const pid_t root = server.root();
    for (const pid_t each : server.processes("cohort: primary"))
        ::kill(each, SIGKILL);
    CHECK(!server.program().wait_for("goes on where one that died stopped").empty());
    CHECK(groups_of(root).size() == 3);
    CHECK(server.ask("scale", {{"to", "1"}}).code == control::exit_code::done);
    CHECK(testing::eventually([&] { return groups_of(root).size() == 1; }));
    CHECK(server.program().stop().code() == 0);
    CHECK(groups_of(root).empty());
}

TEST_CASE("uploads that would take more than a slot may have are refused, and nobody dies of them")
{
    edition_server server{{.workers = 1, .file = narrow}};
    if (!is_kept(server, "64M"))
        return;
    const std::vector<pid_t> workers = server.processes("cohort: worker");
    REQUIRE(workers.size() == 1);
    testing::client idle{server.where().port()};
    CHECK(!idle.body_of("/alike").empty());
    std::deque<testing::client> uploads;
    for (int i = 0; i < 12; ++i)
        begin_upload(uploads.emplace_back(server.where().port()));
    CHECK(!server.program().wait_for("too many bodies are on their way").empty());
    CHECK(!idle.body_of("/alike").empty());
    CHECK(server.processes("cohort: worker") == workers);
    uploads.clear();
    CHECK(server.program().stop().code() == 0);
    CHECK(groups_of(server.root()).empty());
}

TEST_CASE(
    "a worker that is killed for memory again and again has one keeper, and who is idle is not "
    "closed")
{
    edition_server server{{.workers = 1, .file = narrow, .edition = "1 eats"}};
    if (!is_kept(server, "64M"))
        return;
    const std::vector<pid_t> keepers = server.processes("cohort: keeper");
    REQUIRE(keepers.size() == 1);
    testing::client idle{server.where().port()};
    CHECK(!idle.get("/").empty());
    for (int deaths = 0; deaths < 4; ++deaths) {
        // Each request costs 1 MiB. The one that did not fit is run again, on the same connection.
        testing::client hungry{server.where().port()};
        for (int i = 0; i < 80; ++i)
            CHECK(!hungry.get("/alike").empty());
        CHECK(!server.program().wait_for(killed).empty());
    }
    // Its own word of how much it had, a beat before.
    const auto said = server.ask("why");
    CAPTURE(boost::json::serialize(said.data));
    const auto& end = said.data.at("slots").at(0).at("ends").at(0).as_object();
    CHECK(end.at("cause") == "memory");
    CHECK(end.at("cause_words").as_string().find("M at its last beat; limit.memory is 64.0M") !=
          std::string::npos);
    CHECK(!idle.get("/").empty());
    CHECK(server.processes("cohort: keeper") == keepers);
    CHECK(server.program().stop().code() == 0);
}
