#include <cohort/http/body_budget.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;

namespace {

struct holder final : body_holder {
    void give_body_up() noexcept override
    {
        share.release();
        gave_up = true;
    }
    body_share share;
    bool gave_up = false;
};

constexpr steady_time start = steady_time{} + 1h;

bool hold(body_budget& of, holder& who, std::uint64_t bytes, nanoseconds at)
{
    return of.hold(who.share, who, bytes, start + at);
}

}  // namespace

TEST_CASE("bodies count with what has come of them, until they are released")
{
    body_budget all{1000};
    {
        holder a;
        holder b;
        CHECK(hold(all, a, 400, 0s));
        CHECK(hold(all, a, 600, 1s));
        CHECK(hold(all, a, 600, 1s));
        CHECK(hold(all, b, 400, 1s));
        CHECK(all.bytes() == 1000);
        a.share.is_whole();
        CHECK(all.bytes() == 1000);
        a.share.release();
        a.share.release();
        CHECK(all.bytes() == 400);
    }
    CHECK(all.bytes() == 0);
    CHECK(all.refused() == 0);
}

TEST_CASE("while all others are young, the one without room is refused and keeps nothing")
{
    body_budget all{1000};
    holder a;
    holder b;
    CHECK(hold(all, a, 900, 0s));
    CHECK(hold(all, b, 100, 4s));
    CHECK_FALSE(hold(all, b, 101, 4s));
    CHECK(b.share.bytes() == 0);
    CHECK(all.bytes() == 900);
    CHECK(all.refused() == 1);
    CHECK_FALSE(a.gave_up);
}

TEST_CASE("bodies that have been on their way for long make room, the oldest first")
{
    body_budget all{1000};
    std::array<holder, 4> old;
    for (std::size_t i = 0; i < old.size(); ++i)
        CHECK(hold(all, old[i], 250, seconds{i}));
    holder young;
    CHECK(hold(all, young, 400, 6s));
    CHECK(old[0].gave_up);
    CHECK(old[1].gave_up);
    CHECK_FALSE(old[2].gave_up);
    CHECK(all.given_up() == 2);
    CHECK_FALSE(hold(all, young, 800, 6s));
    CHECK(all.bytes() == 500);
}

TEST_CASE("a whole body is not asked to go, and one alone cannot exceed the budget")
{
    body_budget all{1000};
    holder whole;
    holder other;
    CHECK(hold(all, whole, 900, 0s));
    whole.share.is_whole();
    CHECK_FALSE(hold(all, other, 200, 100s));
    CHECK_FALSE(whole.gave_up);
    CHECK(hold(all, other, 100, 100s));
    CHECK_FALSE(hold(all, other, 200, 200s));
    CHECK_FALSE(other.gave_up);  // it is told so by the answer
    whole.share.release();
    CHECK_FALSE(hold(all, other, 1001, 200s));
    CHECK(all.bytes() == 0);
}

TEST_CASE("without a bound everything has room")
{
    body_budget all{0};
    holder a;
    CHECK(hold(all, a, std::uint64_t{1} << 50, 0s));
}
