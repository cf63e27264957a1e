#include <cohort/app/loop_lag.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace std::chrono_literals;

TEST_CASE("quantiles of how late a loop was are those of the last minute")
{
    loop_lag late;
    CHECK(late.quantile(0.99) == 0ns);
    for (int i = 1; i <= 100; ++i)
        late.add(i * 1ms);
    CHECK(late.quantile(0.5) == 51ms);
    CHECK(late.quantile(0.99) == 99ms);
    CHECK(late.quantile(1) == 100ms);
    for (std::size_t i = 0; i < loop_lag::kept; ++i)
        late.add(2ms);
    CHECK(late.quantile(1) == 2ms);
}

TEST_CASE("who comes early is not late, and nobody is later than can be written down")
{
    loop_lag late;
    late.add(-5ms);
    CHECK(late.quantile(1) == 0ns);
    late.add(std::chrono::hours{24});
    CHECK(late.quantile(1) > std::chrono::hours{1});
}
