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
    std::atomic<std::uint64_t> owner{0};
};
constinit writing ours;

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
    page.owner.store(0, std::memory_order_release);
    page.count.store(0, relaxed);
    page.bytes.store(0, relaxed);
    // Who died while it was writing left it odd.
    page.stamp.store(0, relaxed);
    page.owner.store(worker, std::memory_order_release);
    ours.page.store(nullptr, relaxed);
    ours.owner.store(worker, relaxed);
    ours.page.store(&page, std::memory_order_release);
    return {};
}

std::optional<error_reading> error_book::read(std::uint32_t slot, std::uint32_t worker) const
{
    if (slot >= slots_max || worker == 0)
        return std::nullopt;
    const error_page& page = pages_[slot];
    if (page.owner.load(std::memory_order_acquire) != worker)
        return std::nullopt;
    error_reading seen;
    seen.count = page.count.load(relaxed);
    const std::uint64_t stamp = page.stamp.load(std::memory_order_acquire);
    std::array<char, error_text_max> text{};
    for (std::size_t i = 0; i < page.text.size(); ++i) {
        const std::uint64_t word = page.text[i].load(relaxed);
        std::memcpy(text.data() + i * sizeof word, &word, sizeof word);
    }
    const std::uint64_t bytes = page.bytes.load(relaxed);
    const std::uint64_t when = page.when_ns.load(relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (page.owner.load(relaxed) != worker)
        return std::nullopt;
    if (stamp % 2 != 0 || page.stamp.load(relaxed) != stamp)
        return seen;
    seen.last = printable(std::string_view{text.data(), std::min<std::size_t>(bytes, text.size())});
    if (bytes > error_text_max)
        seen.last += "…";
    seen.when = steady_time{nanoseconds{static_cast<std::int64_t>(when & INT64_MAX)}};
    return seen;
}

void note_error(std::string_view words) noexcept
{
    error_page* const page = ours.page.load(std::memory_order_acquire);
    // A successor in the slot has it: an old worker may live on for long.
    if (page == nullptr || page->owner.load(relaxed) != ours.owner.load(relaxed))
        return;
    page->count.fetch_add(1, relaxed);
    // Another thread is writing right now: its words are as good as these.
    std::uint64_t stamp = page->stamp.load(relaxed);
    if (stamp % 2 != 0 ||
        !page->stamp.compare_exchange_strong(stamp, stamp + 1, std::memory_order_acq_rel))
        return;
    std::atomic_thread_fence(std::memory_order_release);
    const std::string_view shown = words.substr(0, error_text_max);
    page->when_ns.store(static_cast<std::uint64_t>(now().time_since_epoch().count()), relaxed);
    page->bytes.store(words.size(), relaxed);
    for (std::size_t i = 0; i < detail::words_for(shown.size()); ++i)
        page->text[i].store(detail::load_word(shown, i), relaxed);
    page->stamp.store(stamp + 2, std::memory_order_release);
}

}  // namespace cohort::board
