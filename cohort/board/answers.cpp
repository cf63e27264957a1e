#include <cohort/board/answers.hpp>

#include <cohort/board/slot.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cohort::board {

static_assert(start_of(bucket_of(milliseconds{7})) == milliseconds{7});
static_assert(start_of(bucket_of(milliseconds{8})) == milliseconds{8});
static_assert(start_of(bucket_of(milliseconds{9})) == milliseconds{8});
static_assert(start_of(bucket_of(milliseconds{1000})) == milliseconds{896});
static_assert(bucket_of(std::chrono::hours{10'000}) == answer_buckets - 1);
static_assert(bucket_of(nanoseconds{-5}) == 0);

std::uint64_t answer_counts::total() const noexcept
{
    return std::accumulate(took.begin(), took.end(), std::uint64_t{0});
}

nanoseconds answer_counts::percentile(double share) const noexcept
{
    const std::uint64_t all = total();
    if (all == 0)
        return nanoseconds{0};
    const auto rank = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < took.size(); ++i) {
        seen += took[i];
        if (seen >= rank)
            return start_of(i);
    }
    return start_of(answer_buckets - 1);
}

answer_counts& answer_counts::operator+=(const answer_counts& other) noexcept
{
    failed += other.failed;
    for (std::size_t i = 0; i < took.size(); ++i)
        took[i] += other.took[i];
    return *this;
}

answer_counts answer_counts::since(const answer_counts& before) const noexcept
{
    if (total() < before.total() || failed < before.failed)
        return *this;
    answer_counts more;
    more.failed = failed - before.failed;
    for (std::size_t i = 0; i < took.size(); ++i)
        more.took[i] = took[i] - std::min(took[i], before.took[i]);
    return more;
}

void note_answer(answer_cells& into, unsigned status, nanoseconds took) noexcept
{
    add(into.took[bucket_of(took)], 1U);
    if (status >= 500)
        add(into.failed, std::uint64_t{1});
}

answer_counts read(const answer_cells& from) noexcept
{
    answer_counts seen;
    seen.failed = from.failed.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < seen.took.size(); ++i)
        seen.took[i] = from.took[i].load(std::memory_order_acquire);
    return seen;
}

void clear(answer_cells& which) noexcept
{
    set(which.failed, std::uint64_t{0});
    for (auto& each : which.took)
        set(each, 0U);
}

}  // namespace cohort::board
