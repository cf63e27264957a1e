// limit.memory: a worker that takes more than it may have is ended by the kernel, its connections
// go on, and what was made for that goes with the slot.
#include "editions.hpp"
#include "storm.hpp"

#include <cohort/process/cgroup.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* bounded = "[app.edition.limit]\nmemory = \"256M\"\n"
                                "[app.edition.reload]\nsoak = \"20s\"\n";

/// Is it kept here? (Not everybody may make control groups.)
bool is_kept(const edition_server& of)
{
    const std::string said{of.ask("ls").data.at("memory_limit").as_string()};
    if (said.starts_with("256M (cgroup v"))
        return true;
    CHECK(said.starts_with("256M, not kept: "));
    MESSAGE("not allowed here: " << said);
    return false;
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
