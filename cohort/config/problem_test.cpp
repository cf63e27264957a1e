#include <cohort/config/problem.hpp>

#include <doctest/doctest.h>

using namespace cohort::config;

TEST_CASE("a problem says where it is, as far as that is known")
{
    CHECK(problem{"cohort.toml", 7, 3, "app.api.lanes", "must be 1 to 64"}.text() ==
          "cohort.toml:7:3: app.api.lanes: must be 1 to 64");
    CHECK(problem{"environment", 0, 0, "PORT", "must be 0 to 65535"}.text() ==
          "environment: PORT: must be 0 to 65535");
    CHECK(problem{"", 0, 0, "lanes", "must be 1 to 64"}.text() == "lanes: must be 1 to 64");
    CHECK(problem{"cohort.toml", 2, 1, "", "broken"}.text() == "cohort.toml:2:1: broken");
}

TEST_CASE("the nearest word is the one that was meant, or none")
{
    const std::vector<std::string_view> known{"workers", "listen", "balance", "backlog", "env"};
    CHECK(nearest("worker", known) == "workers");
    CHECK(nearest("wrokers", known) == "workers");
    CHECK(nearest("lisen", known) == "listen");
    CHECK(nearest("ballance", known) == "balance");
    CHECK(nearest("evn", known) == "env");
    CHECK(nearest("zzzzzzzzzz", known).empty());
    CHECK(nearest("", known).empty());
    CHECK(nearest(std::string(5000, 'w'), known).empty());
}

TEST_CASE("complaints carry their section")
{
    complaints list{"stop"};
    list.unless(true, "drain", "anything");
    list.unless(false, "timeout", "0 to 1h");
    const auto all = std::move(list).take();
    REQUIRE(all.size() == 1);
    CHECK(all[0].text() == "stop.timeout: must be 0 to 1h");
}
