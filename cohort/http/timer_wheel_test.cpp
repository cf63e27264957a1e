#include <cohort/http/timer_wheel.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

using namespace cohort::http;

namespace {

struct entry : timer_entry {};

}  // namespace

TEST_CASE("those who are due are called once, whoever is linked for later is not")
{
    timer_wheel wheel{1};
    std::array<entry, 3> all;
    for (std::uint32_t i = 0; i < all.size(); ++i)
        wheel.link(all[i], 5 + i);
    int called = 0;
    CHECK(wheel.expire(6, 100, [&](timer_entry&) { ++called; }));
    CHECK(called == 2);
    CHECK(all[2].linked());
    CHECK(wheel.earliest() == 7);
}

TEST_CASE("a crowd that is due at once goes in parts, and misses nobody who is linked meanwhile")
{
    timer_wheel wheel{1};
    std::array<entry, 10> crowd;
    for (entry& each : crowd)
        wheel.link(each, 3);
    entry late;
    entry again;
    int called = 0;
    const auto call = [&](timer_entry&) { ++called; };
    CHECK_FALSE(wheel.expire(5, 4, call));
    CHECK(called == 4);
    wheel.link(late, 3);  // that second is over for whoever comes now
    CHECK(late.linked_for() == 4);
    wheel.link(again, 130);
    CHECK_FALSE(wheel.expire(5, 4, call));
    CHECK(wheel.expire(5, 4, call));
    CHECK(called == 11);
    CHECK_FALSE(late.linked());
    CHECK(again.linked());
    CHECK(wheel.size() == 1);
    wheel.unlink(again);
}
