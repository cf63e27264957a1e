#include <cohort/primary/crash_policy.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace cohort;
using namespace cohort::primary;
using namespace std::chrono_literals;

namespace {

constexpr crash_limits usual{};
const steady_time noon{24h};

crash_policy policy(crash_limits limits = usual) { return crash_policy{limits, random_source{1}}; }

}  // namespace

TEST_CASE("the first death is followed by a successor at once")
{
    auto p = policy();
    const auto v = p.on_death({noon, 0ns, killer::itself});
    CHECK(v.what == verdict::deed::replace);
    CHECK(v.pause == 0ns);
}

TEST_CASE("deaths at the start are answered with pauses that grow")
{
    auto limits = usual;
    limits.give_up_deaths = 0;
    auto p = policy(limits);
    steady_time when = noon;
    nanoseconds last = 0ns;
    (void)p.on_death({when, 0ns, killer::itself});
    for (int i = 0; i < 6; ++i) {
        when += 1s;
        const auto v = p.on_death({when, 0ns, killer::itself});
        REQUIRE(v.what == verdict::deed::replace);
        CHECK(v.pause > last);
        last = v.pause;
    }
    CHECK(last >= 2400ms);
}

TEST_CASE("pauses have a ceiling")
{
    auto limits = usual;
    limits.give_up_deaths = 0;
    auto p = policy(limits);
    nanoseconds last = 0ns;
    for (int i = 0; i < 40; ++i)
        last = p.on_death({noon + std::chrono::hours{i}, 0ns, killer::itself}).pause;
    CHECK(last <= 30s);
    CHECK(last > 20s);
}

TEST_CASE("five deaths at the start within the window park the slot")
{
    auto p = policy();
    for (int i = 0; i < 4; ++i)
        CHECK(p.on_death({noon + i * 1s, 0ns, killer::itself}).what == verdict::deed::replace);
    CHECK(p.on_death({noon + 5s, 0ns, killer::itself}).what == verdict::deed::park);
}

TEST_CASE("five deaths spread over more than the window do not park the slot")
{
    auto p = policy();
    for (int i = 0; i < 20; ++i)
        CHECK(p.on_death({noon + i * 8s, 0ns, killer::itself}).what == verdict::deed::replace);
}

TEST_CASE("a worker that crashes after it served for a while is always replaced at once")
{
    auto p = policy();
    for (int i = 0; i < 100; ++i) {
        const auto v = p.on_death({noon + i * 2s, 2s, killer::itself});
        CHECK(v.what == verdict::deed::replace);
        CHECK(v.pause == 0ns);
    }
}

TEST_CASE("a worker killed from outside after it was ready is replaced at once, however often")
{
    auto p = policy();
    for (int i = 0; i < 1000; ++i) {
        const auto v = p.on_death({noon + i * 10ms, 5ms, killer::outside});
        CHECK(v.what == verdict::deed::replace);
        CHECK(v.pause == 0ns);
    }
}

TEST_CASE("a worker killed before it was ever ready counts as broken")
{
    auto p = policy();
    for (int i = 0; i < 4; ++i)
        CHECK(p.on_death({noon + i * 1s, 0ns, killer::outside}).what == verdict::deed::replace);
    CHECK(p.on_death({noon + 5s, 0ns, killer::outside}).what == verdict::deed::park);
}

TEST_CASE("patience with those who leave at once ends, and grows again with time")
{
    auto p = policy();
    for (int i = 0; i < 20; ++i)
        CHECK(p.on_death({noon + i * 10ms, 1ms, killer::unclear}).pause == 0ns);
    for (int i = 20; i < 60; ++i)
        (void)p.on_death({noon + i * 10ms, 1ms, killer::unclear});
    CHECK(p.on_death({noon + 610ms, 1ms, killer::unclear}).what == verdict::deed::park);

    p.forgive();
    CHECK(p.on_death({noon + 60s, 1ms, killer::unclear}).pause == 0ns);
}

TEST_CASE("a long healthy life forgives what came before")
{
    auto p = policy();
    for (int i = 0; i < 4; ++i)
        (void)p.on_death({noon + i * 1s, 0ns, killer::itself});
    (void)p.on_death({noon + 60s, 40s, killer::itself});
    CHECK(p.on_death({noon + 61s, 0ns, killer::itself}).pause == 0ns);
}

TEST_CASE("a program that fails on its way to its first endpoint has not served, however slowly")
{
    const stages_reached slow{.online = noon, .listening = {}};
    CHECK(time_served(slow, noon + 2s, ending::badly) == 0ns);
    // So its deaths count, and it is given up in the end.
    auto limits = usual;
    limits.give_up_deaths = 5;
    auto p = policy(limits);
    steady_time when = noon;
    auto last = verdict::deed::replace;
    for (int i = 0; i < 5; ++i) {
        when += 2s;
        last =
            p.on_death({when, time_served(slow, noon + 2s, ending::badly), killer::unclear}).what;
    }
    CHECK(last == verdict::deed::park);
}

TEST_CASE("time served begins with the first endpoint; without one, only good ends and long lives")
{
    CHECK(time_served({.online = noon, .listening = noon + 2s}, noon + 5s, ending::badly) == 3s);
    CHECK(time_served({.online = noon, .listening = {}}, noon + 5s, ending::well) == 5s);
    CHECK(time_served({.online = noon, .listening = {}}, noon + 1h, ending::badly) == 1h);
    CHECK(time_served({}, noon, ending::well) == 0ns);
}

TEST_CASE("what a slot remembers of its deaths goes on in another primary")
{
    auto before = policy();
    for (int i = 0; i < 4; ++i)
        (void)before.on_death({noon + i * 1s, 0ns, killer::itself});
    auto after = policy();
    after.recall(before.remember());
    CHECK(after.on_death({noon + 5s, 0ns, killer::itself}).what == verdict::deed::park);

    auto many = usual;
    many.give_up_deaths = 0;
    auto tired = policy(many);
    for (int i = 0; i < 100; ++i)
        (void)tired.on_death({noon + i * 10ms, 0ns, killer::itself});
    auto next = policy(many);
    next.recall(tired.remember());
    CHECK(next.on_death({noon + 2s, 0ns, killer::itself}).pause > 20s);
}

TEST_CASE("a memory of nonsense does no harm")
{
    board::ledger_deaths words;
    words.early_count = 1'000'000;
    words.pause_ns = -5;
    words.patience = std::numeric_limits<double>::quiet_NaN();
    auto p = policy();
    p.recall(words);
    CHECK(p.on_death({noon, 2s, killer::itself}).what == verdict::deed::replace);
    CHECK(p.on_death({noon + 1s, 1ms, killer::unclear}).what == verdict::deed::replace);
}
