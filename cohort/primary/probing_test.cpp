#include <cohort/primary/probing.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace cohort::primary;

namespace {

using round_of = std::vector<probe_outcome>;
using ids = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("a worker is ill when it has failed so often in a row")
{
    probing of;
    const round_of bad{{1, true}, {2, false}, {3, true}};
    CHECK(of.judge(bad, 3).ill.empty());
    CHECK(of.judge(bad, 3).ill.empty());
    CHECK(of.judge(bad, 3).ill == ids{2});
    CHECK(of.judge(bad, 3).ill == ids{2});
}

TEST_CASE("one good answer forgives all failures")
{
    probing of;
    CHECK(of.judge(round_of{{1, true}, {2, false}}, 2).ill.empty());
    CHECK(of.judge(round_of{{1, true}, {2, true}}, 2).ill.empty());
    CHECK(of.judge(round_of{{1, true}, {2, false}}, 2).ill.empty());
    CHECK(of.judge(round_of{{1, true}, {2, false}}, 2).ill == ids{2});
}

TEST_CASE("when most workers fail at a time nobody is ill, and that is said once")
{
    probing of;
    const round_of all{{1, false}, {2, false}};
    const auto first = of.judge(all, 1);
    CHECK(first.shared);
    CHECK(first.begun);
    CHECK(first.ill.empty());
    for (int i = 0; i < 10; ++i) {
        const auto next = of.judge(all, 1);
        CHECK(next.shared);
        CHECK_FALSE(next.begun);
        CHECK(next.ill.empty());
    }
    const auto after = of.judge(round_of{{1, true}, {2, true}}, 1);
    CHECK(after.over);
    CHECK_FALSE(after.shared);
    CHECK(of.outages() == 1);
}

TEST_CASE("failures of a shared outage are not held against anybody afterwards")
{
    probing of;
    for (int i = 0; i < 5; ++i)
        static_cast<void>(of.judge(round_of{{1, false}, {2, false}, {3, true}}, 3));
    CHECK(of.judge(round_of{{1, true}, {2, false}, {3, true}}, 3).ill.empty());
    CHECK(of.judge(round_of{{1, true}, {2, false}, {3, true}}, 3).ill.empty());
    CHECK(of.judge(round_of{{1, true}, {2, false}, {3, true}}, 3).ill == ids{2});
}

TEST_CASE("half of them is not most, and an only worker is nobody's company")
{
    probing of;
    CHECK(of.judge(round_of{{1, false}, {2, false}, {3, true}, {4, true}}, 1).ill == ids{1, 2});
    CHECK(of.judge(round_of{{1, false}}, 1).ill == ids{1});
    CHECK_FALSE(of.judge(round_of{}, 1).shared);
}

TEST_CASE("a successor begins with a clean sheet")
{
    probing of;
    CHECK(of.judge(round_of{{1, false}, {2, true}}, 2).ill.empty());
    CHECK(of.judge(round_of{{3, false}, {2, true}}, 2).ill.empty());
    CHECK(of.judge(round_of{{3, false}, {2, true}}, 2).ill == ids{3});
}
