#include <cohort/http/detail/repeated_line.hpp>

#include <doctest/doctest.h>

using cohort::steady_time;
using cohort::http::detail::repeated_line;
using namespace std::chrono_literals;

TEST_CASE("a line is due at once, then once a minute, and says how often it happened since")
{
    repeated_line line;
    const steady_time start{1h};
    CHECK(line.happened(start) == 1);
    CHECK_FALSE(line.happened(start));
    CHECK_FALSE(line.happened(start + 59s));
    CHECK(line.happened(start + 60s) == 3);
    CHECK_FALSE(line.happened(start + 119s));
    CHECK(line.happened(start + 1h) == 2);
}
