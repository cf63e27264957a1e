// Primaries die under load, many in a row: descriptors come back to where they were, in everybody.
#include "storm.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;
using testing::eventually;

namespace {

/// What each process has open, by its title.
using tables = std::map<std::string, std::vector<std::string>>;

std::vector<std::string> table_of(pid_t pid)
{
    std::vector<std::string> open;
    std::error_code gone;
    for (std::filesystem::directory_iterator each{fmt::format("/proc/{}/fd", pid), gone}, end;
         !gone && each != end; each.increment(gone))
    {
        std::error_code closed;
        const auto what = std::filesystem::read_symlink(each->path(), closed);
        if (!closed)
            open.push_back(each->path().filename().string() + " " + what.string());
    }
    return open;
}

tables look_at(const storm_server& server)
{
    tables all;
    for (const pid_t each : server.all())
        all[testing::title_of(each)] = table_of(each);
    return all;
}

bool is_alone(std::string_view title)
{
    return title.starts_with("cohort: root") || title.starts_with("cohort: primary");
}

/// Who has more than before; empty: nobody. Of the slots all together count, since connections may
/// change from one to another.
std::string grown(const tables& before, const tables& after)
{
    std::string words;
    std::size_t had = 0;
    std::size_t have = 0;
    for (const auto& [title, open] : before)
        had += is_alone(title) ? 0 : open.size();
    for (const auto& [title, open] : after) {
        have += is_alone(title) ? 0 : open.size();
        const auto was = before.find(title);
        const std::size_t count = was == before.end() ? 0 : was->second.size();
        if (!is_alone(title) || open.size() <= count)
            continue;
        words += fmt::format("\n{}: {} before, now {}:", title, count, open.size());
        for (const std::string& each : open)
            words += "\n    " + each;
    }
    if (have > had)
        words += fmt::format("\nkeepers, workers and standbys: {} before, now {}", had, have);
    return words;
}

/// Channels of workers to a dead primary stay open for a second, in case one speaks late.
constexpr nanoseconds settles_within = 2s;

void reign_after_reign(storm_server& server, testing::witness& watching, unsigned times)
{
    for (unsigned i = 0; i < times; ++i) {
        const auto before = server.all(part::primary);
        REQUIRE(server.strike(part::primary, SIGKILL, 0));
        CHECK(eventually([&] {
            (void)watching.run_for(20ms);
            (void)server.program().lines();
            const auto now = server.all(part::primary);
            return !now.empty() && now != before;
        }));
        (void)watching.run_for(100ms);
    }
    (void)watching.run_for(settles_within);
}

}  // namespace

TEST_CASE("many deaths of the primary under load leave no descriptor behind, in anybody")
{
    const auto terms = storm_terms::read(1, 30);
    storm_server server;
    auto plan = load(server, terms);
    plan.duration = 1h;  // stopped below
    plan.timeout = 60s;  // who is slow on a busy machine is not lost
    auto watching = testing::witness::make(plan).value();
    reign_after_reign(server, watching, 1);  // what is opened once and kept is open now
    const tables before = look_at(server);
    reign_after_reign(server, watching, terms.deaths);
    tables after;
    CHECK(eventually(
        [&] {
            (void)watching.run_for(50ms);
            after = look_at(server);
            return grown(before, after).empty();
        },
        10s));
    CHECK_MESSAGE(grown(before, after).empty(), grown(before, after));
    for (const auto& [title, open] : before)
        std::printf("%s: %zu descriptors, now %zu\n", title.c_str(), open.size(),
                    after[title].size());
    watching.stop();
    CHECK_MESSAGE(watching.run().good(), watching.report().text());
    CHECK(server.is_complete());
    CHECK(server.stop().empty());
}
