#include <cohort/http/client/retry_rule.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;

namespace {

using kind = attempt_outcome::kind;

retry_rule rule(repeatable twice)
{
    return retry_rule{
        {.attempts_max = 3, .pause_first = 100ms, .pause_ceiling = 150ms}, twice, random_source{1}};
}

bool again(attempt_outcome how, repeatable twice) { return rule(twice).after(how).has_value(); }

}  // namespace

TEST_CASE("what the server has not seen is sent again, what it may have run only if it is safe")
{
    for (const repeatable each : {repeatable::no, repeatable::yes}) {
        const bool safe = each == repeatable::yes;
        CHECK(again({kind::not_sent}, each));
        CHECK(again({kind::broken}, each) == safe);
        CHECK(again({kind::answered, 503}, each) == safe);
        CHECK(again({kind::answered, 502}, each) == safe);
        CHECK_FALSE(again({kind::misunderstood}, each));
        CHECK_FALSE(again({kind::answered, 200}, each));
        CHECK_FALSE(again({kind::answered, 500}, each));
        CHECK_FALSE(again({kind::answered, 429}, each));
    }
}

TEST_CASE("pauses grow, shortened at random, and attempts end")
{
    retry_rule r = rule(repeatable::yes);
    const auto first = r.after({kind::broken});
    const auto second = r.after({kind::broken});
    REQUIRE(first);
    REQUIRE(second);
    CHECK(*first >= 75ms);
    CHECK(*first <= 100ms);
    CHECK(*second >= 112ms);
    CHECK(*second <= 150ms);
    CHECK_FALSE(r.after({kind::broken}));
    CHECK(r.attempts() == 3);
}

TEST_CASE("a server's Retry-After is heeded, or its answer is the last one")
{
    const auto pause = rule(repeatable::yes).after({kind::answered, 503, 2s});
    REQUIRE(pause);
    CHECK(*pause >= 2s);
    CHECK(*pause <= 2100ms);
    CHECK_FALSE(rule(repeatable::yes).after({kind::answered, 503, 11s}));
}

TEST_CASE("retries are a share of requests")
{
    retry_budget budget{0.5, 2};
    CHECK(budget.spend());
    CHECK(budget.spend());
    CHECK_FALSE(budget.spend());
    budget.earn();
    CHECK_FALSE(budget.spend());
    budget.earn();
    CHECK(budget.spend());
    for (int i = 0; i < 100; ++i)
        budget.earn();
    CHECK(budget.spend());
    CHECK(budget.spend());
    CHECK_FALSE(budget.spend());
}
