#include <cohort/app/cluster.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace cohort;

namespace {

task<void> never(worker&)
{
    FAIL("a worker began");
    co_return;
}

settings quiet()
{
    settings chosen;
    chosen.log.level = config::log_level::silent;
    return chosen;
}

}  // namespace

TEST_CASE("what escapes from on_setup ends run() before anything is started")
{
    cluster group{quiet()};
    int later = 0;
    group.on_setup([](const settings&) { throw std::runtime_error{"no licence"}; });
    group.on_setup([&](const settings&) { ++later; });
    CHECK(group.run(never) == 1);
    CHECK(later == 0);
}

TEST_CASE("what escapes from on_setup by setup_primary ends the run() that follows")
{
    cluster group{quiet()};
    bool broken = true;
    group.on_setup([&](const settings&) {
        if (broken)
            throw std::runtime_error{"no licence"};
    });
    CHECK(group.setup_primary([](settings& chosen) { chosen.name = std::string{"other"}; }));
    broken = false;
    CHECK(group.run(never) == 1);
}

TEST_CASE("a hook may set hooks of its kind, which hear of the next event")
{
    cluster group{quiet()};
    std::string heard;
    const std::string long_enough_for_the_heap(100, 'x');
    group.on_setup([&, long_enough_for_the_heap](const settings& s) {
        for (int i = 0; i < 100; ++i)
            group.on_setup([&](const settings& more) { heard += more.name; });
        // Still there, with all it has captured.
        heard += s.name + long_enough_for_the_heap.substr(0, 1);
    });
    REQUIRE(group.setup_primary([](settings& chosen) { chosen.name = std::string{"a"}; }));
    CHECK(heard == "ax");
    heard.clear();
    REQUIRE(group.setup_primary([](settings& chosen) { chosen.name = std::string{"b"}; }));
    CHECK(heard == "bx" + std::string(100, 'b'));
}
