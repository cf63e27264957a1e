#include <cohort/http/request_began.hpp>

#include <cohort/http/detail/parsed_test.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::http;

TEST_CASE("a request began once, whoever asks")
{
    http::detail::parsed one{"GET /"};
    CHECK_FALSE(time_since_began(one.of));
    const steady_time first = request_began(one.of);
    CHECK(request_began(one.of) == first);
    CHECK(time_since_began(one.of).value() >= nanoseconds{0});
}
