#include <cohort/board/last_error.hpp>

#include <cohort/base/try.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/board/detail/block_words.hpp>

#include <algorithm>
#include <cstring>

namespace cohort::board {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

/// Where this process writes, and as whom.
struct writing {
    std::atomic<error_page*> page{nullptr};
    std::atomic<std::uint32_t> worker{0};
};
constinit writing ours;

constexpr std::uint64_t tagged(std::uint32_t worker, std::uint32_t number) noexcept
{
    return std::uint64_t{worker} << 32 | number;
}

constexpr std::uint32_t worker_of(std::uint64_t word) noexcept
{
    return static_cast<std::uint32_t>(word >> 32);
}

constexpr std::uint32_t number_of(std::uint64_t word) noexcept
{
    return static_cast<std::uint32_t>(word);
}

/// False: the page is another one's.
bool count_one(std::atomic<std::uint64_t>& count, std::uint32_t worker) noexcept
{
    std::uint64_t before = count.load(relaxed);
    do {
        if (worker_of(before) != worker)
            return false;
    } while (number_of(before) != UINT32_MAX &&
             !count.compare_exchange_weak(before, before + 1, relaxed));
    return true;
}

}  // namespace

result<error_book> error_book::open(const commons& in)
{
    COHORT_TRY(const auto area, in.area(error_area_name, sizeof(error_pages)));
    return error_book{area_as<error_pages>(area).data()};
}

result<> error_book::begin(std::uint32_t slot, std::uint32_t worker) const
{
    if (slot >= slots_max || worker == 0)
        return failed(errc::bad_value, "note errors of worker", std::to_string(worker));
    error_page& page = pages_[slot];
    page.stamp.store(tagged(worker, 0), relaxed);
    page.bytes.store(0, relaxed);
    page.count.store(tagged(worker, 0), std::memory_order_release);
    ours.page.store(nullptr, relaxed);
    ours.worker.store(worker, relaxed);
    ours.page.store(&page, std::memory_order_release);
    return {};
}

std::optional<error_reading> error_book::read(std::uint32_t slot, std::uint32_t worker) const
{
    if (slot >= slots_max || worker == 0)
        return std::nullopt;
    const error_page& page = pages_[slot];
    const std::uint64_t count = page.count.load(std::memory_order_acquire);
    if (worker_of(count) != worker)
        return std::nullopt;
    error_reading seen;
    seen.count = number_of(count);
    const std::uint64_t stamp = page.stamp.load(std::memory_order_acquire);
    const std::uint64_t when = page.when_ns.load(relaxed);
    const std::uint64_t bytes = page.bytes.load(relaxed);
    const std::size_t shown = std::min<std::uint64_t>(bytes, error_text_max);
    std::array<char, error_text_max> text{};
    detail::word_checksum sum{tagged(worker, 0) ^ when, bytes};
    for (std::size_t i = 0; i < detail::words_for(shown); ++i) {
        const std::uint64_t word = page.text[i].load(relaxed);
        std::memcpy(text.data() + i * sizeof word, &word, sizeof word);
        sum.add(word);
    }
    const bool whole = page.check.load(relaxed) == sum.value();
    std::atomic_thread_fence(std::memory_order_acquire);
    const bool still = page.stamp.load(relaxed) == stamp && worker_of(stamp) == worker;
    if (worker_of(page.count.load(relaxed)) != worker)
        return std::nullopt;
    if (!still || stamp % 2 != 0 || !whole || bytes == 0)
        return seen;
    seen.last = printable(std::string_view{text.data(), shown});
    if (bytes > error_text_max)
        seen.last += "…";
    seen.when = steady_time{nanoseconds{static_cast<std::int64_t>(when & INT64_MAX)}};
    return seen;
}

void note_error(std::string_view words) noexcept
{
    error_page* const page = ours.page.load(std::memory_order_acquire);
    const std::uint32_t worker = ours.worker.load(relaxed);
    // A successor in the slot has it: an old worker may live on for long.
    if (page == nullptr || !count_one(page->count, worker))
        return;
    // Another thread is writing right now: its words are as good as these.
    std::uint64_t stamp = page->stamp.load(relaxed);
    if (worker_of(stamp) != worker || stamp % 2 != 0 ||
        !page->stamp.compare_exchange_strong(stamp, stamp + 1, std::memory_order_acq_rel))
        return;
    std::atomic_thread_fence(std::memory_order_release);
    const std::string_view shown = words.substr(0, error_text_max);
    const auto when = static_cast<std::uint64_t>(now().time_since_epoch().count());
    page->when_ns.store(when, relaxed);
    page->bytes.store(words.size(), relaxed);
    detail::word_checksum sum{tagged(worker, 0) ^ when, words.size()};
    for (std::size_t i = 0; i < detail::words_for(shown.size()); ++i) {
        const std::uint64_t word = detail::load_word(shown, i);
        page->text[i].store(word, relaxed);
        sum.add(word);
    }
    page->check.store(sum.value(), relaxed);
    std::uint64_t taken = stamp + 1;
    const std::uint64_t done = tagged(worker, number_of(stamp) + 2);
    page->stamp.compare_exchange_strong(taken, done, std::memory_order_release, relaxed);
}

}  // namespace cohort::board
