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

bool hold(body_budget& of, holder& who, std::uint64_t bytes, nanoseconds at,
          const char* client = "")
{
    const ip_address its = ip_address::parse(client).value_or(ip_address{});
    return of.hold(who.share, who, bytes, start + at, its);
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

TEST_CASE("a body that never can have room takes none from others")
{
    body_budget all{1000};
    holder old;
    holder huge;
    CHECK(hold(all, old, 500, 0s));
    CHECK_FALSE(hold(all, huge, 1001, 100s));
    CHECK_FALSE(old.gave_up);
    CHECK(all.bytes() == 500);
    CHECK(all.most_of_one(999) == 999);
    CHECK(all.most_of_one(1001) == 1000);
    CHECK(body_budget{0}.most_of_one(1001) == 1001);
}

TEST_CASE("one client that fills the budget makes room for others, at once, and they need not")
{
    body_budget all{1000};
    holder honest;
    std::array<holder, 9> crowd;
    CHECK(hold(all, honest, 90, 0s, "192.0.2.1"));
    for (holder& each : crowd)
        CHECK(hold(all, each, 100, 6s, "192.0.2.66"));
    CHECK(all.clients() == 2);

    // All of its bodies are younger than anybody's.
    holder more;
    CHECK_FALSE(hold(all, more, 100, 7s, "192.0.2.66"));
    CHECK_FALSE(honest.gave_up);
    holder newcomer;
    CHECK(hold(all, newcomer, 100, 7s, "192.0.2.2"));
    CHECK(crowd[0].gave_up);
    CHECK_FALSE(crowd[1].gave_up);
    CHECK(hold(all, honest, 120, 7s, "192.0.2.1"));
    CHECK(crowd[1].gave_up);

    // Its own ones make room for each other as they do where it is alone.
    CHECK(hold(all, more, 100, 12s, "192.0.2.66"));
    CHECK(hold(all, more, 200, 12s, "192.0.2.66"));
    CHECK(crowd[2].gave_up);
    CHECK_FALSE(honest.gave_up);
    CHECK_FALSE(newcomer.gave_up);
}

TEST_CASE("where a large client's bodies are all whole, the oldest of all is asked")
{
    body_budget all{1000};
    holder large;
    holder old;
    holder young;
    CHECK(hold(all, large, 800, 0s, "192.0.2.66"));
    large.share.is_whole();
    CHECK(hold(all, old, 100, 0s, "192.0.2.1"));
    CHECK_FALSE(hold(all, young, 150, 4s, "192.0.2.2"));
    CHECK(hold(all, young, 150, 6s, "192.0.2.2"));
    CHECK(old.gave_up);
    CHECK_FALSE(large.gave_up);
}

TEST_CASE("clients are known for as long as they have bytes, and nobody's bytes have none")
{
    body_budget all{1000};
    {
        holder a;
        holder b;
        CHECK(hold(all, a, 200, 0s, "192.0.2.1"));
        CHECK(hold(all, b, 700, 0s));
        CHECK(all.clients() == 1);
        a.share.is_whole();
        a.share.release();
        CHECK(all.clients() == 0);
        // One that is refused leaves nothing behind, and what was large once is not for ever.
        holder c;
        CHECK_FALSE(hold(all, c, 400, 0s, "192.0.2.1"));
        CHECK(all.clients() == 0);
        CHECK(hold(all, c, 100, 0s, "192.0.2.1"));
        CHECK(hold(all, a, 200, 1s, "192.0.2.2"));
        CHECK_FALSE(c.gave_up);
    }
    CHECK(all.bytes() == 0);
}
