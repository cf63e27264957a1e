#include <cohort/process/memory_group.hpp>

#include <cohort/process/detail/kit_test.hpp>
#include <cohort/process/spawn.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <string>

using namespace cohort;
using namespace cohort::process;

namespace {

/// Slots that no cohort has.
constexpr unsigned a_slot = 900;

program eats(std::uint64_t bytes)
{
    program what;
    what.exec = "/usr/bin/python3";
    what.args = {"-c", "x = b'x' * " + std::to_string(bytes)};
    what.env = environment_with({});
    return what;
}

}  // namespace

TEST_CASE("who takes more memory than its group has is killed, and the reason is known")
{
    // In a tree of processes, as there is one: with v2 it moves all of them.
    const auto groups = memory_groups::find(::getpid());
    if (!groups) {
        MESSAGE("not allowed here: " << groups.error().text());
        return;
    }
    constexpr std::uint64_t bound = 48 << 20;
    auto group = groups->make(a_slot, bound).value();
    CHECK(group->kills() == 0);
    CHECK(groups->look_for(a_slot)->bytes() == bound);

    program modest = eats(1 << 20);
    modest.group = group;
    CHECK(spawn(fork_permit::ask().value(), modest)->wait().code() == 0);
    program greedy = eats(4 * bound);
    greedy.group = group;
    const auto end = spawn(fork_permit::ask().value(), greedy)->wait();
    CHECK_MESSAGE(end.for_memory(), end.words());
    CHECK(group->kills() == 1);
    // Outside it is its own business.
    CHECK(spawn(fork_permit::ask().value(), eats(4 * bound))->wait().code() == 0);

    CHECK(groups->remove(*group));
    CHECK_FALSE(std::filesystem::exists(group->folder()));
    CHECK(groups->look_for(a_slot) == nullptr);
}

TEST_CASE("the groups of a cohort that was killed are removed by the next one")
{
    const auto groups = memory_groups::find(::getpid());
    if (!groups)
        return;
    program brief;
    brief.exec = "/bin/true";
    brief.env = environment_with({});
    child dead = spawn(fork_permit::ask().value(), brief).value();
    const pid_t its = dead.pid();
    CHECK(dead.wait().code() == 0);
    const auto theirs = memory_groups::find(its).value().make(a_slot, 48 << 20).value();
    const auto ours = groups->make(a_slot, 48 << 20).value();
    groups->sweep();
    CHECK_FALSE(std::filesystem::exists(theirs->folder()));
    CHECK(std::filesystem::exists(ours->folder()));
    CHECK(groups->remove(*ours));
}
