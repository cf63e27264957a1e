#include <cohort/http/date.hpp>

#include <cohort/base/clock.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::http;

namespace {

std::string shown(std::int64_t seconds)
{
    const auto text = format_date(seconds);
    return {text.data(), text.size()};
}

}  // namespace

TEST_CASE("dates are written as RFC 9110 wants them")
{
    CHECK(shown(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(shown(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(shown(951827696) == "Tue, 29 Feb 2000 12:34:56 GMT");
    CHECK(shown(4102444799) == "Thu, 31 Dec 2099 23:59:59 GMT");
}

TEST_CASE("all three forms of a date are read")
{
    CHECK(parse_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777);
    CHECK(parse_date("Sunday, 06-Nov-94 08:49:37 GMT") == 784111777);
    CHECK(parse_date("Sun Nov  6 08:49:37 1994") == 784111777);
    CHECK(parse_date("Tue Feb 29 12:34:56 2000") == 951827696);
}

TEST_CASE("what is no date is not read as one")
{
    for (const char* bad :
         {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
          "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ", "1994-11-06",
          "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Xyz 1994 08:49:37 GMT",
          "Sun, -6 Nov 1994 08:49:37 GMT", "Sun,  6 Nov 1994 08:49:37 GMT"})
        CHECK_MESSAGE(!parse_date(bad), bad);
}

TEST_CASE("the present date is this second, and read back as it was written")
{
    const std::int64_t before = wall_seconds_coarse();
    const auto read = parse_date(date_now());
    REQUIRE(read);
    CHECK(*read >= before);
    CHECK(*read <= wall_seconds_coarse());
}
