#include <cohort/process/memory_group.hpp>

#include <cohort/process/detail/kit_test.hpp>
#include <cohort/process/memory_group_test.hpp>
#include <cohort/process/spawn.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

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

/// Files as cgroup v2 has them, in a folder of ours: what is read, and written where.
class fake_tree {
public:
    fake_tree()
    {
        write("cgroup.events", "populated 1\n");
        write("cgroup.procs", "");
        write("cgroup.subtree_control", "");
    }
    ~fake_tree() { std::filesystem::remove_all(folder_); }
    fake_tree(const fake_tree&) = delete;
    fake_tree& operator=(const fake_tree&) = delete;

    void write(const std::string& file, std::string_view text) const
    {
        const std::filesystem::path at = folder_ / file;
        std::filesystem::create_directories(at.parent_path());
        std::ofstream{at} << text;
    }
    [[nodiscard]] std::string text_of(const std::string& file) const
    {
        return read_system_file((folder_ / file).string()).value_or("");
    }
    [[nodiscard]] std::string path(const std::string& below = {}) const
    {
        return (below.empty() ? folder_ : folder_ / below).string();
    }

private:
    static std::filesystem::path make()
    {
        std::string name = (std::filesystem::temp_directory_path() / "cohort-v2-XXXXXX").string();
        return ::mkdtemp(name.data());
    }
    std::filesystem::path folder_ = make();
};

}  // namespace

TEST_CASE("with v2 the controller is asked for once, and found again from the leaf")
{
    const fake_tree tree;
    CHECK(memory_groups::find_v2(tree.path(), 1).value().words() == "cgroup v2, " + tree.path());
    CHECK(tree.text_of("cgroup.subtree_control") == "+memory");
    tree.write("cgroup.subtree_control", "cpu memory\n");
    tree.write("cohort.primary/cgroup.procs", "");
    CHECK(memory_groups::find_v2(tree.path("cohort.primary"), 1).value().words() ==
          "cgroup v2, " + tree.path());
    CHECK(memory_groups::find_v2(tree.path(), 1));
}

TEST_CASE("with v2 nobody else's processes are moved, and what systemd keeps is left alone")
{
    const fake_tree tree;
    tree.write("cgroup.procs", "1\n");
    const auto shared = memory_groups::find_v2(tree.path(), ::getpid());
    REQUIRE_FALSE(shared);
    CHECK(shared.error().text().find("process 1 is in") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(tree.path("cohort.primary")));
    tree.write("api.service/cgroup.events", "");
    const auto withheld = memory_groups::find_v2(tree.path("api.service"), ::getpid());
    REQUIRE_FALSE(withheld);
    CHECK(withheld.error().text().find("systemd has not delegated") != std::string::npos);
}

TEST_CASE("with v2 nobody in a group is killed for a bound that comes later")
{
    const fake_tree tree;
    const auto groups = memory_groups::find_v2(tree.path(), 77).value();
    tree.write("cohort.77.3/memory.max", "max");
    tree.write("cohort.77.3/cgroup.procs", "");
    tree.write("cohort.77.3/memory.current", "5000000\n");
    CHECK(groups.make(3, 4'000'000));  // what is left of files, and nobody
    CHECK(tree.text_of("cohort.77.3/memory.max") == "4000000");
    tree.write("cohort.77.3/memory.max", "max");
    tree.write("cohort.77.3/cgroup.procs", "123\n");
    const auto refused = groups.make(3, 4'000'000);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why().value() == EBUSY);
    CHECK(refused.error().text().find("5000000") != std::string::npos);
    CHECK(tree.text_of("cohort.77.3/memory.max") == "max");
    CHECK(groups.make(3, 6'000'000));
    CHECK(tree.text_of("cohort.77.3/memory.max") == "6000000");
}

TEST_CASE("a newborn whose group was removed lives outside, and nobody else is put there")
{
    const auto groups = memory_groups::find(::getpid());
    if (!groups)
        return no_groups_here(groups.error().text());
    const auto group = groups->make(a_slot, 48 << 20).value();
    CHECK(groups->remove(*group));
    program modest = eats(1 << 20);
    modest.group = group;
    CHECK(spawn(fork_permit::ask().value(), modest)->wait().code() == 0);
    const auto put = group->put(::getpid());
    REQUIRE_FALSE(put);
    CHECK(put.error().why().value() == ENODEV);
}

TEST_CASE("who takes more memory than its group has is killed, and the reason is known")
{
    // In a tree of processes, as there is one: with v2 it moves all of them.
    const auto groups = memory_groups::find(::getpid());
    if (!groups)
        return no_groups_here(groups.error().text());
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
        return no_groups_here(groups.error().text());
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
