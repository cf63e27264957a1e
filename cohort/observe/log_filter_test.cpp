#include <cohort/observe/log_filter.hpp>

#include <doctest/doctest.h>

using namespace cohort::observe;

namespace {

constexpr const char* line =
    R"({"timestamp":"2026-01-02T10:00:00.000Z","level":"warn","message":"slow",)"
    R"("pid":7,"workerId":3,"took":12})";

}  // namespace

TEST_CASE("without a wish every line is wanted")
{
    const log_filter all;
    CHECK(all.wants(line));
    CHECK(all.wants("Traceback (most recent call last):"));
    CHECK(all.wants(""));
}

TEST_CASE("a level lets itself and what is worse through, and no line without one")
{
    log_filter some;
    some.least = rank_of("warn");
    CHECK(some.wants(line));
    CHECK(some.wants(R"({"level":50,"msg":"pino's error"})"));
    CHECK_FALSE(some.wants(R"({"level":"info"})"));
    CHECK_FALSE(some.wants("Traceback"));
    CHECK_FALSE(rank_of("loud"));
}

TEST_CASE("older lines are left out")
{
    log_filter some;
    some.since = "2026-01-02T10:00:00.000Z";
    CHECK(some.wants(line));
    some.since = "2026-01-02T10:00:00.001Z";
    CHECK_FALSE(some.wants(line));
}

TEST_CASE("a slot's lines are its own, and those of the worker that sits there")
{
    log_filter some;
    some.slot = 1;
    CHECK_FALSE(some.wants(line));
    some.pid = 7;
    CHECK(some.wants(line));
    some.pid.reset();
    some.worker = 3;
    CHECK(some.wants(line));
    CHECK(some.wants(R"({"slot":1,"message":"ended"})"));
    CHECK_FALSE(some.wants(R"({"slot":2,"message":"ended","pid":7})"));
}

TEST_CASE("lines of pino have their time in milliseconds, those of the text format have none")
{
    log_filter some;
    some.since = "2026-01-02T10:00:00.000Z";
    CHECK(some.wants(R"({"level":30,"time":1767348000000,"msg":"at that moment"})"));
    CHECK_FALSE(some.wants(R"({"level":30,"time":1767347999999,"msg":"before it"})"));
    CHECK(some.wants("10:00:00.000 warn  slow"));
    CHECK_FALSE(some.wants("Traceback"));
}

TEST_CASE("lines of the text format have levels and slots")
{
    constexpr const char* text = "10:00:00.000 warn  says slot=9  slot=1  pid=7  took=12";
    log_filter some;
    some.least = rank_of("warn");
    CHECK(some.wants(text));
    some.least = rank_of("error");
    CHECK_FALSE(some.wants(text));
    some.least.reset();
    some.slot = 1;
    CHECK(some.wants(text));
    some.slot = 9;
    CHECK_FALSE(some.wants(text));
    some.least = rank_of("trace");
    some.slot.reset();
    CHECK_FALSE(some.wants("10:00:00.000 words of a program"));
    CHECK_FALSE(some.wants("10:00:00.000"));
}

TEST_CASE("levels have ranks, and back")
{
    CHECK(level_of(rank_of("error").value()) == "error");
    CHECK(level_of(17).empty());
    CHECK(rank_in(parse_log_line(line).value()) == 3);
    CHECK_FALSE(parse_log_line("{broken"));
    CHECK_FALSE(parse_log_line(""));
}
