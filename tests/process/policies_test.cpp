// Policies as seen by clients: sticky addresses, who says which policy it is, and busy workers.

#include "api_server.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::testing;
using namespace std::chrono_literals;

namespace {

constexpr int addresses = 40;

/// The slot that each client address gets.
std::map<std::string, std::int64_t> slots_by_address(std::uint16_t port)
{
    std::map<std::string, std::int64_t> found;
    for (int i = 1; i <= addresses; ++i) {
        const auto source = fmt::format("127.0.0.{}", i);
        client one = dial_from(source, port);
        found[source] = who_is(one).slot;
    }
    return found;
}

/// The slots of connections that follow each other, all kept.
std::vector<std::int64_t> slots_in_turn(std::uint16_t port, std::size_t count)
{
    std::vector<client> kept;
    std::vector<std::int64_t> found;
    while (found.size() < count) {
        kept.emplace_back(port);
        found.push_back(who_is(kept.back()).slot);
    }
    return found;
}

bool all_equal(const std::vector<std::int64_t>& slots)
{
    return std::set<std::int64_t>(slots.begin(), slots.end()).size() == 1;
}

/// In turn: each slot as often as any other.
bool strictly_alternates(const std::vector<std::int64_t>& slots, std::size_t workers)
{
    for (std::size_t i = workers; i < slots.size(); ++i) {
        if (slots[i] != slots[i - workers])
            return false;
    }
    const auto turn =
        std::vector<std::int64_t>(slots.begin(), slots.begin() + static_cast<long>(workers));
    return std::set<std::int64_t>(turn.begin(), turn.end()).size() == workers;
}

launch with_file(const temporary_folder& folder, const std::string& balance)
{
    const auto path = folder.path() / "cohort.toml";
    std::ofstream{path} << fmt::format("[app.api]\nbalance = \"{}\"\n", balance);
    launch how;
    how.exec = PROCESS_PROGRAMS "api";
    how.args = {"--config", path.string(), "--name",    "api",
                "--listen", "127.0.0.1:0", "--workers", "3"};
    return how;
}

std::uint16_t port_of(running_program& program, std::size_t workers)
{
    const auto lines = program.wait_for_all("listening on port", workers);
    return net::endpoint::parse(lines.front().at("endpoint").as_string()).value().port();
}

}  // namespace

TEST_CASE("round_robin deals in strict turns")
{
    api_server app{{.workers = 4, .balance = "round_robin"}};
    CHECK(strictly_alternates(slots_in_turn(app.port(), 40), 4));
}

TEST_CASE("sticky: an address stays with its slot, and only a lost slot's clients move")
{
    api_server app{{.workers = 4, .balance = "sticky"}};
    const auto before = slots_by_address(app.port());
    std::set<std::int64_t> used;
    for (const auto& [source, slot] : before)
        used.insert(slot);
    CHECK(used.size() == 4);
    CHECK(slots_by_address(app.port()) == before);

    app.program().signal(SIGTTOU);  // the last slot goes
    app.program().wait_for("ended");
    const auto without = slots_by_address(app.port());
    for (const auto& [source, slot] : before) {
        CAPTURE(source);
        if (slot != 3)
            CHECK(without.at(source) == slot);
        else
            CHECK(without.at(source) != 3);
    }

    app.program().signal(SIGTTIN);  // and comes back
    app.program().wait_for("listening on port");
    CHECK(eventually([&] { return slots_by_address(app.port()) == before; }));
}

TEST_CASE("sticky: a worker's death moves nobody, its successor has the same slot")
{
    api_server app{{.workers = 4, .balance = "sticky"}};
    const auto before = slots_by_address(app.port());
    for (const pid_t each : app.workers())
        ::kill(each, SIGKILL);
    app.program().wait_for_all("listening on port", 4);
    // They say so before the primary has heard it.
    CHECK(eventually([&] { return slots_by_address(app.port()) == before; }));
}

TEST_CASE("the policy comes from the file, the environment over it, the command line over both")
{
    temporary_folder folder;
    {
        running_program by_file{with_file(folder, "sticky")};
        CHECK(all_equal(slots_in_turn(port_of(by_file, 3), 24)));
    }
    launch over_file = with_file(folder, "sticky");
    over_file.env = {"COHORT_BALANCE=round_robin"};
    {
        running_program by_environment{over_file};
        CHECK(strictly_alternates(slots_in_turn(port_of(by_environment, 3), 24), 3));
    }
    launch over_both = over_file;
    over_both.args.insert(over_both.args.end(), {"--balance", "sticky"});
    {
        running_program by_command_line{over_both};
        CHECK(all_equal(slots_in_turn(port_of(by_command_line, 3), 24)));
    }
    launch wrong = over_file;
    wrong.env = {"COHORT_BALANCE=fairly"};
    running_program refused{wrong};
    CHECK(refused.wait().code() == 2);
    CHECK(refused.errors().find("COHORT_BALANCE") != std::string::npos);
}

TEST_CASE(
    "a policy set in program code counts; as a default it gives way, assigned last it does not")
{
    launch how;
    how.exec = PROCESS_PROGRAMS "coded";
    how.args = {"--workers", "3"};
    {
        running_program by_default{how};
        CHECK(all_equal(slots_in_turn(port_of(by_default, 3), 24)));
    }
    {
        launch told = how;
        told.args.insert(told.args.end(), {"--balance", "round_robin"});
        running_program by_command_line{told};
        CHECK(strictly_alternates(slots_in_turn(port_of(by_command_line, 3), 24), 3));
    }
    launch overruled = how;
    overruled.args.insert(overruled.args.end(), {"--balance", "sticky"});
    overruled.env = {"BALANCE_IN_CODE=round_robin"};
    running_program by_code{overruled};
    CHECK(strictly_alternates(slots_in_turn(port_of(by_code, 3), 24), 3));
}

TEST_CASE("balanced: a worker with saturated lanes lets another one accept")
{
    api_server app{{.workers = 2, .file = "lanes = 2"}};
    // Four connections to one worker occupy its two lanes and its queue.
    std::vector<client> kept;
    std::map<std::int64_t, std::vector<std::size_t>> by_slot;
    while (by_slot[0].size() < 5) {
        kept.emplace_back(app.port());
        by_slot[who_is(kept.back()).slot].push_back(kept.size() - 1);
        REQUIRE(kept.size() < 200);
    }
    REQUIRE(!by_slot[1].empty());
    for (std::size_t i = 0; i < 4; ++i)
        ask_for(kept[by_slot[0][i]], "/occupy");
    // The loop of the busy worker still answers, so its requests have arrived.
    client probe{app.port()};
    who_is(probe);

    // New ones are the free worker's. (On a machine that has no processor for it just then, the
    // busy one does not wait longer than 3 ms: hence "nearly all".)
    int to_free = 0;
    for (int i = 0; i < 40; ++i) {
        client one{app.port()};
        to_free += who_is(one).slot == 1 ? 1 : 0;
    }
    CHECK(to_free >= 30);

    // A connection of its own reaches the busy worker and ends the occupation.
    CHECK(read_seen(kept[by_slot[0].at(4)].body_of("/release")).slot == 0);
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(read_seen(read_answer(kept[by_slot[0][i]])).slot == 0);
}
