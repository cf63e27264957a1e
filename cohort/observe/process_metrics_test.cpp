#include <cohort/observe/process_metrics.hpp>

#include <cohort/observe/sampled_count.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace cohort;
using namespace cohort::observe;
using namespace std::chrono_literals;

TEST_CASE("the texts of /proc are read, and what is none is nothing")
{
    CHECK(parse_run_queue_wait("1000 250 7\n") == 250ns);
    CHECK_FALSE(parse_run_queue_wait(""));
    CHECK_FALSE(parse_run_queue_wait("12"));
    const char* const stat = "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4200 20\n";
    CHECK(parse_start(stat, 100) == 42.0);
    CHECK_FALSE(parse_start("7 (x) S 1", 100));
    CHECK_FALSE(parse_start("", 100));
}

TEST_CASE("a process knows what it uses, and since when")
{
    const process_usage first = process_usage::now();
    CHECK(first.resident > 0);
    CHECK(first.addresses >= first.resident);
    CHECK(first.fds_max > 0);
    const steady_time until = now() + 30ms;
    while (now() < until) {
    }
    const process_usage second = process_usage::now();
    CHECK(second.user + second.system > first.user + first.system);
    CHECK(second.waited >= first.waited);
    const auto began = process_start_seconds();
    REQUIRE(began);
    const std::chrono::duration<double> wall = wall_now().time_since_epoch();
    CHECK(*began <= wall.count() + 1);
    CHECK(*began > wall.count() - 86'400);
}

TEST_CASE("what a process uses is counted from the first look on, and its shares since the last")
{
    process_metrics shown;
    auto& user = metrics::time_counter("process_cpu_user_seconds_total", "Of it, in programs");
    auto& all = metrics::time_counter("process_cpu_seconds_total",
                                      "Processor time that all processes of the cohort have used");
    const nanoseconds before = user.value();
    const nanoseconds all_before = all.value();
    process_usage usage;
    usage.user = 5s;
    usage.system = 1s;
    const steady_time begin{1h};
    CHECK(shown.look(usage, begin).busy == 0);
    CHECK(user.value() == before);
    usage.user += 250ms;
    usage.system += 250ms;
    usage.waited += 100ms;
    const auto lately = shown.look(usage, begin + 1s);
    CHECK(std::abs(lately.busy - 0.5) < 1e-9);
    CHECK(std::abs(lately.waited - 0.1) < 1e-9);
    CHECK(user.value() - before == 250ms);
    CHECK(all.value() - all_before == 500ms);
    usage.user = 0s;  // it cannot go back
    shown.look(usage, begin + 2s);
    CHECK(user.value() - before == 250ms);
}

TEST_CASE("a count that is looked at now and then is brought up to date, and begins anew with it")
{
    auto& shown = metrics::counter("test_sampled_total", "Sampled");
    metrics::sampled_count from_zero{shown, 0};
    from_zero.look(3);
    from_zero.look(3);
    CHECK(shown.value() == 3);
    from_zero.look(2);  // somebody else counts from zero
    CHECK(shown.value() == 5);
    metrics::sampled_count from_first{shown};
    from_first.look(100);
    CHECK(shown.value() == 5);
    from_first.look(101);
    CHECK(shown.value() == 6);
}
