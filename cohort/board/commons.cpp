#include <cohort/board/commons.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/random.hpp>

#include <sys/mman.h>

#include <algorithm>

namespace cohort::board {

namespace {

constexpr auto acquire = std::memory_order_acquire;
constexpr auto both = std::memory_order_acq_rel;

// An area is one word of the table, `who << 20 | pages`, and lies behind those before it. So one
// exchange makes it, and whoever dies has made it or has not.
constexpr unsigned page_bits = 20;
constexpr std::uint64_t page_mask = (std::uint64_t{1} << page_bits) - 1;
constexpr std::uint64_t pages_max = commons_room / commons_page;
static_assert(pages_max <= page_mask);

std::uint64_t word_for(std::string_view name, std::size_t bytes) noexcept
{
    std::uint64_t who = 0xcbf2'9ce4'8422'2325U;
    for (const char each : name)
        who = (who ^ static_cast<unsigned char>(each)) * 0x0000'0100'0000'01b3U;
    who = mix(who ^ mix(bytes));
    return who << page_bits | (bytes + commons_page - 1) / commons_page;
}

/// Where here() is: null, nobody has settled.
std::atomic<commons_head*> settled_head{nullptr};
std::atomic<std::byte*> settled_areas{nullptr};
std::atomic<const slot*> settled_rows{nullptr};
std::atomic<std::size_t> settled_slots{0};
std::atomic<std::uint32_t> settled_times{0};

commons private_ones() noexcept
{
    static std::byte* const memory = []() noexcept {
        void* bytes = ::mmap(nullptr, commons_bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        COHORT_ASSERT(bytes != MAP_FAILED);
        return static_cast<std::byte*>(bytes);
    }();
    return {*std::launder(reinterpret_cast<commons_head*>(memory)), memory + sizeof(commons_head)};
}

}  // namespace

result<std::span<std::byte>> commons::area(std::string_view name, std::size_t bytes) const
{
    if (name.empty() || bytes == 0)
        return failed(errc::bad_value, "find a common area:", std::string{name});
    if (bytes > room)
        return failed(errc::too_large, "find a common area:", std::string{name});
    const std::uint64_t wanted = word_for(name, bytes);
    const std::uint64_t pages = wanted & page_mask;
    std::uint64_t first = 0;
    for (std::atomic<std::uint64_t>& each : head_->areas) {
        std::uint64_t found = each.load(acquire);
        if (found == 0) {
            if (pages > pages_max - first)
                break;
            if (each.compare_exchange_strong(found, wanted, both))
                found = wanted;
        }
        const std::uint64_t its = found & page_mask;
        if (its == 0 || its > pages_max - first)
            return failed(errc::malformed, "read the table of common areas, for",
                          std::string{name});
        if (found == wanted)
            return std::span{areas_ + first * commons_page, bytes};
        first += its;
    }
    return failed(errc::too_large, "make a common area: no room for", std::string{name});
}

std::size_t commons::taken() const noexcept
{
    std::uint64_t pages = 0;
    for (const std::atomic<std::uint64_t>& each : head_->areas)
        pages += each.load(acquire) & page_mask;
    return std::min<std::uint64_t>(pages, pages_max) * commons_page;
}

std::uint64_t commons::identity() const noexcept
{
    std::uint64_t known = head_->identity.load(acquire);
    if (known != 0)
        return known;
    const std::uint64_t drawn = random_source::from_kernel().next() | 1U;
    return head_->identity.compare_exchange_strong(known, drawn, both) ? drawn : known;
}

commons commons::here() noexcept
{
    commons_head* const head = settled_head.load(acquire);
    if (head == nullptr)
        return private_ones();
    return {*head,
            settled_areas.load(std::memory_order_relaxed),
            {settled_rows.load(std::memory_order_relaxed),
             settled_slots.load(std::memory_order_relaxed)}};
}

void commons::settle(commons of_the_cohort) noexcept
{
    settled_areas.store(of_the_cohort.areas_, std::memory_order_relaxed);
    settled_rows.store(of_the_cohort.rows_, std::memory_order_relaxed);
    settled_slots.store(of_the_cohort.slots_, std::memory_order_relaxed);
    settled_head.store(of_the_cohort.head_, std::memory_order_release);
    settled_times.fetch_add(1, std::memory_order_release);
}

void commons::leave() noexcept
{
    settled_head.store(nullptr, std::memory_order_release);
    settled_times.fetch_add(1, std::memory_order_release);
}

result<std::span<std::byte>> common_area::find() noexcept
{
    const std::uint32_t current = settled_times.load(acquire) + 1;
    if (settled_.load(acquire) == current)
        return std::span{memory_.load(std::memory_order_relaxed), bytes_};
    auto found = commons::here().area(name_, bytes_);
    if (found) {
        memory_.store(found->data(), std::memory_order_relaxed);
        settled_.store(current, std::memory_order_release);
    }
    return found;
}

}  // namespace cohort::board
