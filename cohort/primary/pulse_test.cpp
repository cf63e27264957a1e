#include <cohort/primary/pulse.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::primary;
using namespace std::chrono_literals;

namespace {

const steady_time noon{24h};

std::uint64_t as_beat(steady_time when)
{
    return static_cast<std::uint64_t>(when.time_since_epoch().count());
}

}  // namespace

TEST_CASE("a beat older than the limit is silence")
{
    pulse p{4s};
    REQUIRE(p.look(noon));
    CHECK(!p.silent(as_beat(noon - 3s)));
    CHECK(p.silent(as_beat(noon - 5s)));
}

TEST_CASE("a worker that has not beaten yet is not judged")
{
    pulse p{4s};
    REQUIRE(p.look(noon));
    CHECK(!p.silent(0));
}

TEST_CASE("after a long sleep of our own everybody gets one more period")
{
    pulse p{4s};
    REQUIRE(p.look(noon));
    CHECK(!p.look(noon + 1h));
    CHECK(!p.silent(as_beat(noon)));

    CHECK(p.look(noon + 1h + 1s));
    CHECK(!p.silent(as_beat(noon)));  // it may need a moment to wake up, too

    for (int i = 2; i <= 5; ++i)
        CHECK(p.look(noon + 1h + i * 1s));
    CHECK(p.silent(as_beat(noon)));
    CHECK(!p.silent(as_beat(noon + 1h + 4s)));
}
