#include <cohort/primary/rolling.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace cohort::primary;

namespace {

/// What serves where, as the errands of a reload leave it.
struct stage_set {
    std::vector<char> slots;  // 'o'ld, 'n'ew, '-' nobody
    unsigned extras = 0;
    bool committed = false;

    void apply(const roll_order& what, rolling::outcome how)
    {
        const char failed = '-';
        const bool well = how == rolling::outcome::well;
        switch (what.what) {
            case errand::add_extra:
                ++extras;
                break;
            case errand::remove_extra:
                REQUIRE(extras > 0);
                --extras;
                break;
            case errand::replace:
                slots[what.slot] = well ? 'n' : failed;
                break;
            case errand::put_back:
                slots[what.slot] = well ? 'o' : failed;
                break;
            case errand::commit:
                committed = true;
                break;
            default:
                break;
        }
    }
};

/// Runs a reload whose errands fail where the bits of `fails` say so.
struct run {
    explicit run(const rolling::plan& what, unsigned fails)
    {
        world.slots.assign(what.slots.size(), 'o');
        rolling r{what};
        while (r.now().what != errand::finish) {
            const roll_order order = r.now();
            const bool bad = (fails >> steps & 1U) != 0;
            const auto how = bad ? rolling::outcome::badly : rolling::outcome::well;
            world.apply(order, how);
            if (bad)
                failed.push_back(order.what);
            taken.push_back(order.what);
            r.done(how);
            REQUIRE(++steps < 32);
        }
        end = r.now().end;
    }
    stage_set world;
    std::vector<errand> taken;
    std::vector<errand> failed;
    roll_end end{};
    unsigned steps = 0;
};

rolling::plan three_slots()
{
    rolling::plan what;
    what.slots = {0, 1, 2};
    what.extras = 2;
    return what;
}

}  // namespace

TEST_CASE("a reload without mishap replaces every slot and leaves no extra worker")
{
    const run all{three_slots(), 0};
    CHECK(all.end == roll_end::replaced);
    CHECK(all.world.slots == std::vector{'n', 'n', 'n'});
    CHECK(all.world.extras == 0);
    CHECK(all.world.committed);
    CHECK(all.taken == std::vector{errand::prepare, errand::add_extra, errand::add_extra,
                                   errand::soak, errand::replace, errand::replace, errand::replace,
                                   errand::commit, errand::remove_extra, errand::remove_extra});
}

TEST_CASE("what fails before the first worker is touched changes nothing at all")
{
    const run all{three_slots(), 1U};
    CHECK(all.end == roll_end::unchanged);
    CHECK(all.taken == std::vector{errand::prepare});
}

TEST_CASE("a canary that fails its soak is the only one that ever ran")
{
    const run all{three_slots(), 1U << 3};
    CHECK(all.end == roll_end::rolled_back);
    CHECK(std::ranges::count(all.taken, errand::replace) == 0);
    CHECK(all.world.extras == 0);
}

TEST_CASE("whatever fails and whenever, the end says what is true")
{
    for (unsigned fails = 0; fails < 1U << 16; ++fails) {
        const run all{three_slots(), fails};
        const auto& slots = all.world.slots;
        const auto count = [&slots](char which) { return std::ranges::count(slots, which); };
        CHECK(all.world.extras == 0);
        CHECK(all.world.committed == (all.end == roll_end::replaced));
        switch (all.end) {
            case roll_end::replaced:
                CHECK(count('n') == 3);
                break;
            case roll_end::unchanged:
            case roll_end::rolled_back:
                CHECK(count('o') == 3);
                break;
            case roll_end::degraded:
                CHECK(std::ranges::count(all.failed, errand::put_back) == count('-'));
                CHECK(count('-') > 0);
                CHECK(count('n') == 0);
                break;
            case roll_end::half_way:
                FAIL("it was not told to stop half way");
        }
    }
}

TEST_CASE("told to put nothing back, a reload that fails stops where it is")
{
    auto what = three_slots();
    what.puts_back = false;
    const run all{what, 1U << 5};
    CHECK(all.end == roll_end::half_way);
    CHECK(all.world.slots == std::vector{'n', '-', 'o'});
    CHECK(all.world.extras == 0);
    CHECK_FALSE(all.world.committed);
}

TEST_CASE("a reload without a soak goes on from the extra worker straight to the slots")
{
    rolling::plan what;
    what.slots = {0};
    what.soaks = false;
    const run all{what, 0};
    CHECK(all.taken == std::vector{errand::prepare, errand::add_extra, errand::replace,
                                   errand::commit, errand::remove_extra});
}

TEST_CASE("a cohort without a worker is reloaded, too")
{
    const run all{rolling::plan{}, 0};
    CHECK(all.end == roll_end::replaced);
    CHECK(all.world.committed);
}
