#include <cohort/http/tls/certificate_life.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace cohort::http::tls;
using outlook = expiry_watch::outlook;

namespace {

constexpr std::int64_t day = expiry_watch::day_s;
constexpr std::int64_t start = 1'700'000'000;

}  // namespace

TEST_CASE(
    "a certificate is spoken of from 30 days before its end, and in its last second it is good")
{
    const certificate_life one{"one.pem", start + 30 * day};
    CHECK(expiry_watch::outlook_of(one, start) == outlook::good);
    CHECK(expiry_watch::outlook_of(one, start + 1) == outlook::ends_soon);
    CHECK(expiry_watch::outlook_of(one, start + 30 * day) == outlook::ends_soon);
    CHECK(expiry_watch::outlook_of(one, start + 30 * day + 1) == outlook::expired);
}

TEST_CASE("it is said once a day, and at once when it gets worse")
{
    const std::vector<certificate_life> all{{"one.pem", start + 3 * day + 100},
                                            {"two.pem", start + 90 * day}};
    expiry_watch watch;
    const auto first = watch.look(all, start);
    REQUIRE(first.size() == 1);
    CHECK(first[0].of->file == "one.pem");
    CHECK(first[0].what == outlook::ends_soon);
    CHECK(first[0].days == 3);
    int said = 0;
    for (std::int64_t minute = 1; minute < 3 * 24 * 60; ++minute)
        said += static_cast<int>(watch.look(all, start + minute * 60).size());
    CHECK(said == 2);
    // In the middle of a day.
    CHECK(watch.look(all, start + 3 * day + 90).size() == 1);
    CHECK(watch.look(all, start + 3 * day + 100).empty());
    const auto last = watch.look(all, start + 3 * day + 101);
    REQUIRE(last.size() == 1);
    CHECK(last[0].what == outlook::expired);
    CHECK(last[0].days == 0);
    CHECK(watch.look(all, start + 3 * day + 102).empty());
    CHECK(watch.look(all, start + 4 * day + 101).size() == 1);
}

TEST_CASE("one that was renewed is spoken of no more, or at once if it does not last either")
{
    expiry_watch watch;
    CHECK(watch.look(std::vector<certificate_life>{{"one.pem", start + day}}, start).size() == 1);
    CHECK(watch.look(std::vector<certificate_life>{{"one.pem", start + 2 * day}}, start).size() ==
          1);
    CHECK(watch.look(std::vector<certificate_life>{{"one.pem", start + 90 * day}}, start).empty());
    CHECK(watch.look(std::vector<certificate_life>{{"one.pem", start + 2 * day}}, start).size() ==
          1);
}
