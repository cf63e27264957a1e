#include <cohort/dashboard/meter.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::dashboard;
using namespace std::chrono_literals;

namespace {

slot_count counted(std::uint64_t worker, std::uint64_t requests, nanoseconds used)
{
    slot_count made;
    made.worker = worker;
    made.requests = requests;
    made.processor_time = used;
    made.answers.took[0] = requests - requests / 10;
    made.answers.took[7] = requests / 10;
    made.answers.failed = requests / 100;
    return made;
}

count_reading at(nanoseconds when, std::map<std::uint32_t, slot_count> slots)
{
    return {.when = steady_time{when}, .slots = std::move(slots), .ready = 2};
}

}  // namespace

TEST_CASE("rates are what came between two readings, by the time between them")
{
    meter of;
    of.take(at(10s, {{0, counted(1, 1000, 1s)}, {1, counted(2, 0, 0s)}}));
    CHECK_FALSE(of.all());
    CHECK_FALSE(of.of(0));
    CHECK_FALSE(of.percentile_ms(0.99));
    of.take(at(12s, {{0, counted(1, 1400, 2s)}, {1, counted(2, 200, 0s)}}));
    REQUIRE(of.of(0));
    CHECK(of.of(0)->requests_per_s == 200);
    CHECK(of.of(0)->errors_per_s == 2);
    CHECK(of.of(0)->processors == 0.5);
    CHECK(of.all()->requests_per_s == 300);
    CHECK(of.percentile_ms(0.5) == 0);
    CHECK(of.percentile_ms(0.99) == 7);
    CHECK_FALSE(of.of(2));
}

TEST_CASE("a worker that follows another one counts from zero")
{
    meter of;
    of.take(at(10s, {{0, counted(1, 1000, 9s)}}));
    of.take(at(11s, {{0, counted(2, 300, 1s)}}));
    CHECK(of.of(0)->requests_per_s == 300);
    CHECK_FALSE(of.of(0)->processors);
    of.take(at(12s, {}));
    CHECK_FALSE(of.of(0));
    CHECK(of.all()->requests_per_s == 0);
}

TEST_CASE("the history has a place for each second, also for those of which nobody knows")
{
    meter of;
    of.take(at(10s, {{0, counted(1, 0, 0s)}}));
    of.take(at(11s, {{0, counted(1, 10, 0s)}}));
    of.take(at(14s, {{0, counted(1, 40, 0s)}}));
    REQUIRE(of.history().size() == 4);
    CHECK(of.history()[0].requests_per_s == 10);
    CHECK(of.history()[0].ready == 2);
    CHECK_FALSE(of.history()[1].requests_per_s);
    CHECK_FALSE(of.history()[2].ready);
    CHECK(of.history()[3].requests_per_s == 10);
    of.take(at(2000s, {{0, counted(1, 40, 0s)}}));
    CHECK(of.history().size() == meter::history_max);
    CHECK_FALSE(of.history().front().ready);
}
