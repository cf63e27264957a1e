#include <cohort/testing/fake_clock.hpp>

#include <cohort/http/server_options.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace std::chrono_literals;

TEST_CASE("a fake clock stands until it is turned, and begins anew with each test")
{
    {
        testing::fake_clock clock;
        const steady_time before = testing::fake_clock::now();
        CHECK(testing::fake_clock::now() == before);
        clock.advance(30s);
        CHECK(testing::fake_clock::now() == before + 30s);
    }
    const testing::fake_clock again;
    CHECK(testing::fake_clock::now() == steady_time{} + 1h);
    http::server_options options;
    options.clock = &testing::fake_clock::now;
    CHECK(options.clock() == steady_time{} + 1h);
}
