#include <cohort/primary/scaling.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

using namespace cohort;
using namespace cohort::primary;
using namespace std::chrono_literals;

namespace {

/// The numbers of workers, look by look, under a load. Workers cannot do more than they are.
std::vector<unsigned> follow(const std::function<double(double)>& load, nanoseconds lasting,
                             unsigned workers = 2)
{
    scaling of{config::scaling{}, {.low = 2, .high = 16}};
    std::vector<unsigned> numbers;
    for (nanoseconds t = 0s; t < lasting; t += 500ms) {
        const double wanted = load(std::chrono::duration<double>{t}.count());
        const unsigned next =
            of.look(steady_time{1h + t}, workers, std::min<double>(wanted, workers));
        if (next != workers)
            of.start_over();
        workers = next;
        numbers.push_back(workers);
    }
    return numbers;
}

unsigned changes(const std::vector<unsigned>& numbers, std::size_t from = 0)
{
    unsigned count = 0;
    for (std::size_t i = from + 1; i < numbers.size(); ++i)
        count += numbers[i] != numbers[i - 1] ? 1 : 0;
    return count;
}

}  // namespace

TEST_CASE("a step is followed within a few times up_after, and then the number stays")
{
    const auto numbers = follow([](double t) { return t < 10 ? 1.0 : 7.0; }, 200s);
    CHECK(numbers[19] == 2);
    CHECK(numbers[20 + 2 * 25] == 10);  // 7 / 0.7
    CHECK(numbers.back() == 10);
    CHECK(changes(numbers, 20 + 2 * 25) == 0);
    CHECK(std::ranges::is_sorted(numbers));
}

TEST_CASE("after a step down, workers leave one by one, each a down_after later")
{
    const auto numbers = follow([](double) { return 1.0; }, 10min, 6);
    CHECK(numbers[100] == 6);
    CHECK(numbers.back() == 2);
    CHECK(changes(numbers) == 4);
}

TEST_CASE("a load that swings faster than down_after keeps the number that its peaks need")
{
    const auto sine = [](double t) { return 3.5 + 3 * std::sin(2 * std::numbers::pi * t / 30); };
    const auto numbers = follow(sine, 30min);
    CHECK(changes(numbers, 240) == 0);  // the first two minutes are for finding it
    CHECK(numbers.back() >= 8);
    CHECK(numbers.back() <= 10);
}

TEST_CASE("a load that swings slowly is followed without a number that comes and goes")
{
    const auto sine = [](double t) { return 5 + 4 * std::sin(2 * std::numbers::pi * t / 3600); };
    const auto numbers = follow(sine, 1h);
    // Up once, down once, each in steps of one direction.
    unsigned turns = 0;
    int direction = 0;
    for (std::size_t i = 1; i < numbers.size(); ++i) {
        const int step = static_cast<int>(numbers[i]) - static_cast<int>(numbers[i - 1]);
        if (step == 0 || step * direction > 0)
            continue;
        turns += direction != 0 ? 1 : 0;
        direction = step > 0 ? 1 : -1;
    }
    CHECK(turns <= 2);
}

TEST_CASE("a load around the threshold changes the number once at most")
{
    const auto noise = [](double t) { return 1.4 + 0.1 * std::sin(t * 7); };
    CHECK(changes(follow(noise, 30min)) <= 1);
}

TEST_CASE("the number stays within its range, whatever the load")
{
    CHECK(follow([](double) { return 1000.0; }, 5min).back() == 16);
    CHECK(follow([](double) { return 0.0; }, 60min, 16).back() == 2);
    scaling of{config::scaling{}, {.low = 4, .high = 8}};
    CHECK(of.look(steady_time{1h}, 2, 0) == 4);
    CHECK(of.look(steady_time{1h}, 12, 12) == 8);
}

TEST_CASE("what was seen before a long sleep does not count")
{
    scaling of{config::scaling{}, {.low = 1, .high = 4}};
    CHECK(of.look(steady_time{1h}, 1, 1) == 1);
    CHECK(of.look(steady_time{2h}, 1, 1) == 1);
    CHECK(of.look(steady_time{2h + 1s}, 1, 1) == 1);
}

TEST_CASE("after a reload the number is what the settings say, if they say something new")
{
    const auto two = config::worker_count::exactly(2);
    const auto four = config::worker_count::exactly(4);
    const auto any = config::worker_count::automatic();
    const auto range = config::worker_count::between(3, 6);
    const number_facts here{.present = 5, .quota = 8};
    CHECK(number_after({.before = two, .after = four}, here) == 4);
    CHECK(number_after({.before = two, .after = any}, here) == 8);
    CHECK(number_after({.before = two, .after = range}, here) == 5);
    CHECK(number_after({.before = four, .after = range}, {.present = 2, .quota = 8}) == 3);
    // Somebody scaled to five, and the file is as it was.
    CHECK(number_after({.before = two, .after = two}, here) == 5);
    CHECK(number_after({.before = any, .after = any}, here) == 5);
}
