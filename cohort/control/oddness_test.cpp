#include <cohort/control/oddness.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace cohort::control;

TEST_CASE("the one that is not like the others is odd")
{
    const std::vector<worker_habits> all{{.utilisation = 0.30, .in_flight = 4},
                                         {.utilisation = 0.32, .in_flight = 5},
                                         {.utilisation = 0.98, .in_flight = 4},
                                         {.utilisation = 0.31, .in_flight = 3}};
    const auto odd = oddness(all);
    CHECK(std::ranges::max_element(odd) - odd.begin() == 2);
    CHECK(odd[2] > 3);
    CHECK(odd[0] < 1);
    CHECK(odd[1] < 1);
    CHECK(odd[3] < 1);
}

TEST_CASE("the farthest of its habits counts, and one that is not known does not")
{
    const std::vector<worker_habits> all{{.lag_ms = 1, .memory_bytes = 100e6},
                                         {.lag_ms = 2, .memory_bytes = 101e6},
                                         {.lag_ms = 1, .memory_bytes = 900e6},
                                         {}};
    const auto odd = oddness(all);
    CHECK(odd[2] > 3);
    CHECK(odd[3] == 0);
    CHECK(odd[0] < 1);
}

TEST_CASE("where there is nobody to be compared with, nobody is odd")
{
    CHECK(oddness({}).empty());
    const std::vector<worker_habits> one{{.utilisation = 1.0, .memory_bytes = 1e9}};
    CHECK(oddness(one) == std::vector<double>{0});
    const std::vector<worker_habits> two{{.connections = 1}, {.connections = 500}};
    CHECK(oddness(two) == std::vector<double>{0, 0});
    const std::vector<worker_habits> idle{
        {.utilisation = 0.0}, {.utilisation = 0.0}, {.utilisation = 0.0}};
    CHECK(oddness(idle) == std::vector<double>{0, 0, 0});
}
