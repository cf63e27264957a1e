#include <cohort/board/answers.hpp>

#include <doctest/doctest.h>

#include <memory>

using namespace cohort;
using namespace std::chrono_literals;

TEST_CASE("buckets begin where the one before ends, and are at most a quarter wide")
{
    for (std::size_t i = 0; i + 1 < board::answer_buckets; ++i) {
        const nanoseconds from = board::start_of(i);
        const nanoseconds to = board::start_of(i + 1);
        CHECK(from < to);
        CHECK(board::bucket_of(from) == i);
        CHECK(board::bucket_of(to - 1ns) == i);
        if (i >= 8)
            CHECK((to - from) * 4 <= from);
    }
}

TEST_CASE("answers are counted by how long they took, and those that failed apart")
{
    const auto cells = std::make_unique<board::answer_cells>();
    for (int i = 0; i < 98; ++i)
        board::note_answer(*cells, 200, 2ms);
    board::note_answer(*cells, 404, 40ms);
    board::note_answer(*cells, 503, 1s);
    const auto seen = board::read(*cells);
    CHECK(seen.total() == 100);
    CHECK(seen.failed == 1);
    CHECK(seen.percentile(0.5) == 2ms);
    CHECK(seen.percentile(0.99) == 40ms);
    CHECK(seen.percentile(1.0) == 896ms);
    board::clear(*cells);
    CHECK(board::read(*cells).total() == 0);
    CHECK(board::read(*cells).percentile(0.99) == 0ns);
}

TEST_CASE("what was counted since a moment is a difference, but for a worker that began anew")
{
    board::answer_counts before;
    before.took[3] = 10;
    before.failed = 2;
    board::answer_counts after = before;
    after.took[3] = 15;
    after.took[4] = 1;
    after.failed = 3;
    const auto more = after.since(before);
    CHECK(more.total() == 6);
    CHECK(more.failed == 1);

    board::answer_counts anew;
    anew.took[3] = 4;
    CHECK(anew.since(before).total() == 4);
}
