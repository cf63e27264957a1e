#include <cohort/primary/recycling.hpp>

#include <doctest/doctest.h>

#include <set>

using namespace cohort;
using namespace cohort::primary;
using namespace std::chrono_literals;

namespace {

candidate someone(std::uint32_t worker, recycle_reason why = recycle_reason::age)
{
    candidate who;
    who.worker = worker;
    who.why = why;
    return who;
}

}  // namespace

TEST_CASE("each worker's allowance lies within the jitter, and is its own")
{
    config::recycle of;
    of.requests = {.value = 1000, .jitter_percent = 20};
    of.age = {.value = 10s, .jitter_percent = 0};
    random_source dice{7};
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 100; ++i) {
        const allowance may = allowance::draw(of, dice);
        CHECK(may.requests >= 800);
        CHECK(may.requests <= 1200);
        CHECK(may.age == 10s);
        CHECK(may.memory_bytes == 0);
        seen.insert(may.requests);
    }
    CHECK(seen.size() > 50);
}

TEST_CASE("a worker that has used what it may is named with the figures, others are not")
{
    const allowance may{.memory_bytes = 64 << 20, .requests = 100, .age = 60s};
    CHECK_FALSE(worn(may, {.memory_bytes = 63 << 20, .requests = 99, .age = 59s}));
    CHECK(worn(may, {.memory_bytes = 70 << 20})->words ==
          "it has 70 MiB of memory (its limit: 64)");
    CHECK(worn(may, {.requests = 100})->why == recycle_reason::requests);
    CHECK(worn(may, {.age = 61s})->why == recycle_reason::age);
    CHECK_FALSE(worn({}, {.memory_bytes = 1ULL << 50, .requests = 1ULL << 50, .age = 1000h}));
}

TEST_CASE("never more than at_once are out, and the next goes when one is done")
{
    recycling queue;
    for (std::uint32_t each = 1; each <= 4; ++each)
        CHECK(queue.add(someone(each)));
    CHECK(queue.next(2)->worker == 1);
    CHECK(queue.next(2)->worker == 2);
    CHECK_FALSE(queue.next(2));
    queue.done(1);
    CHECK(queue.next(2)->worker == 3);
    CHECK_FALSE(queue.next(2));
    CHECK(queue.waiting() == 1);
    CHECK(queue.out() == 2);
}

TEST_CASE("a worker stands in the queue once, with its most urgent reason")
{
    recycling queue;
    CHECK(queue.add(someone(1)));
    CHECK(queue.add(someone(2, recycle_reason::memory)));
    CHECK_FALSE(queue.add(someone(2, recycle_reason::age)));
    CHECK_FALSE(queue.add(someone(2, recycle_reason::stuck)));
    CHECK(queue.waiting() == 2);
    const auto first = queue.next(1);
    CHECK(first->worker == 2);
    CHECK(first->why == recycle_reason::stuck);
    CHECK_FALSE(queue.add(someone(2)));  // it is out already
}

TEST_CASE("who is gone is forgotten")
{
    recycling queue;
    queue.add(someone(1));
    queue.add(someone(2));
    queue.keep_only({2, 3});
    CHECK(queue.next(1)->worker == 2);
    queue.done(2);
    CHECK_FALSE(queue.next(1));
}
