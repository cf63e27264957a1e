#include <cohort/cli/log_words.hpp>

#include <doctest/doctest.h>

using namespace cohort::cli;

TEST_CASE("a line is read as people do, and moves no cursor")
{
    CHECK(readable(R"({"timestamp":"2026-01-02T10:00:00.000Z","level":"warn","message":"slow",)"
                   R"("pid":7,"workerId":3,"took":12})") ==
          "2026-01-02T10:00:00.000Z warn  slow  workerId=3  took=12");
    CHECK(readable("plain \x1b[31mred") == "plain ?[31mred");
}
