#include <cohort/http/pace.hpp>

#include <doctest/doctest.h>

#include <initializer_list>

using namespace cohort::http;

namespace {

constexpr pace_terms terms{.bytes_per_second = 240, .grace = 5, .silence = 30};

}  // namespace

TEST_CASE("the rate is asked for once the grace is over")
{
    pace who;
    who.begin(0, 1, terms);
    CHECK_FALSE(who.is_late(0, 6, terms));
    CHECK(who.is_late(0, 7, terms));
    who.begin(0, 1, terms);
    CHECK_FALSE(who.is_late(240, 7, terms));
    CHECK(who.is_late(240, 8, terms));
}

TEST_CASE("who keeps the rate is never late, in steps of any size up to the longest silence")
{
    for (const std::uint32_t step : {1U, 7U, 29U}) {
        pace who;
        std::uint64_t total = 30U * 240;
        who.begin(0, 1, terms);
        for (std::uint32_t second = 1; second < 5000; second += step, total += step * 240)
            CHECK_FALSE(who.is_late(total, second, terms));
    }
}

TEST_CASE("a fast beginning buys the longest silence and no more")
{
    pace who;
    who.begin(0, 1, terms);
    CHECK_FALSE(who.is_late(1'000'000, 2, terms));
    // A byte now and then is no silence, and does not pay for itself.
    std::uint32_t second = 2;
    std::uint64_t total = 1'000'000;
    while (!who.is_late(++total, ++second, terms))
        REQUIRE(second < 100);
    CHECK(second == 33);
}

TEST_CASE("silence is bounded whatever has been paid in, and without a rate as well")
{
    for (const std::uint32_t rate : {0U, 1U, 240U}) {
        const pace_terms own{.bytes_per_second = rate, .grace = 300, .silence = 30};
        pace who;
        who.begin(0, 1, own);
        CHECK_FALSE(who.is_late(1'000'000, 2, own));
        CHECK_FALSE(who.is_late(1'000'000, 31, own));
        CHECK(who.is_late(1'000'000, 32, own));
    }
}

TEST_CASE("time in which nothing is asked does not count")
{
    pace who;
    who.begin(0, 1, terms);
    who.pause(4, terms);
    CHECK_FALSE(who.is_late(0, 1000, terms));
    who.go_on(1000);
    CHECK_FALSE(who.is_late(0, 1002, terms));
    CHECK(who.is_late(0, 1003, terms));
}

TEST_CASE("what is switched off is not asked for")
{
    const pace_terms patient{.bytes_per_second = 240, .grace = 0, .silence = 0};
    pace who;
    who.begin(0, 1, patient);
    CHECK_FALSE(who.is_late(0, 1'000'000, patient));
}
