#include <cohort/board/ledger.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/try.hpp>

#include <fmt/format.h>

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace cohort::board {

namespace {

/// "COHORT_L", read as a little-endian number.
constexpr std::uint64_t ledger_magic = 0x4c5f'5452'4f48'4f43ULL;

constexpr std::size_t seats_at = sizeof(ledger_head);
constexpr std::size_t endpoints_at = seats_at + slots_max * sizeof(committed<ledger_seat>);
constexpr std::size_t generations_at =
    endpoints_at + ledger_endpoints_max * sizeof(committed<ledger_endpoint>);
constexpr std::size_t eight_more(std::size_t at) { return (at + 7) / 8 * 8; }
constexpr std::size_t upgrade_at =
    eight_more(generations_at + ledger_roles * sizeof(committed<ledger_generation>));
constexpr std::size_t parcels_at = eight_more(upgrade_at + sizeof(committed<ledger_upgrade>));
constexpr std::size_t size_of_all =
    parcels_at + std::size_t{ledger_descriptors_max} * sizeof(std::atomic<std::uint64_t>);

static_assert(seats_at % alignof(committed<ledger_seat>) == 0);
static_assert(endpoints_at % alignof(committed<ledger_endpoint>) == 0);
static_assert(generations_at % alignof(committed<ledger_generation>) == 0);
static_assert(upgrade_at % alignof(committed<ledger_upgrade>) == 0);
static_assert(sizeof(std::atomic<std::uint64_t>) == sizeof(std::uint64_t));

}  // namespace

ledger::ledger(detail::sealed_memory memory) noexcept
    : memory_{std::move(memory)}
{}

template <class T>
T& ledger::part(std::size_t at) const noexcept
{
    return *std::launder(reinterpret_cast<T*>(memory_.bytes() + at));
}

result<ledger> ledger::create()
{
    auto memory = detail::sealed_memory::create("cohort-ledger", size_of_all);
    if (!memory)
        return std::unexpected(std::move(memory).error());
    ledger made{std::move(*memory)};
    // The kernel's zeros are what everything else begins with.
    ledger_head& head = *new (made.memory_.bytes()) ledger_head{};
    head.magic = ledger_magic;
    head.size = size_of_all;
    head.layout = ledger_layout_number;
    return made;
}

result<ledger> ledger::attach(unique_fd fd)
{
    COHORT_TRY(auto memory,
               detail::sealed_memory::attach(std::move(fd),
                                             {.least = sizeof(ledger_head), .most = size_of_all}));
    ledger found{std::move(memory)};
    const ledger_head& head = found.head();
    if (head.magic != ledger_magic)
        return detail::refuse("not a ledger");
    if (head.layout != ledger_layout_number || head.size != size_of_all ||
        found.memory_.size() != size_of_all)
        return detail::refuse(
            fmt::format("a ledger of layout {}, here it is {}", head.layout, ledger_layout_number));
    return found;
}

ledger_head& ledger::head() const noexcept { return part<ledger_head>(0); }

committed<ledger_seat>& ledger::seat(unsigned slot) const noexcept
{
    COHORT_ASSERT(slot < slots_max);
    return part<committed<ledger_seat>>(seats_at + slot * sizeof(committed<ledger_seat>));
}

committed<ledger_endpoint>& ledger::endpoint(std::size_t index) const noexcept
{
    COHORT_ASSERT(index < ledger_endpoints_max);
    return part<committed<ledger_endpoint>>(endpoints_at +
                                            index * sizeof(committed<ledger_endpoint>));
}

committed<ledger_upgrade>& ledger::upgrade() const noexcept
{
    return part<committed<ledger_upgrade>>(upgrade_at);
}

committed<ledger_generation>& ledger::generation(ledger_role which) const noexcept
{
    const auto index = static_cast<std::size_t>(which);
    return part<committed<ledger_generation>>(generations_at +
                                              index * sizeof(committed<ledger_generation>));
}

parcel_note ledger::parcel(int descriptor) const noexcept
{
    if (descriptor < 0 || descriptor >= ledger_descriptors_max)
        return {};
    const std::size_t at = parcels_at + static_cast<std::size_t>(descriptor) * 8;
    return parcel_note::of(part<std::atomic<std::uint64_t>>(at).load(std::memory_order_acquire));
}

void ledger::note(int descriptor, parcel_note what) const noexcept
{
    if (descriptor < 0 || descriptor >= ledger_descriptors_max)
        return;
    const std::size_t at = parcels_at + static_cast<std::size_t>(descriptor) * 8;
    part<std::atomic<std::uint64_t>>(at).store(what.word(), std::memory_order_release);
}

std::span<const std::int32_t> ledger::pristine() const noexcept
{
    const std::size_t count = head().pristine_count.load(std::memory_order_acquire);
    return {head().pristine.data(), std::min(count, ledger_pristine_max)};
}

result<> ledger::set_pristine(std::span<const int> open) const
{
    if (open.size() > ledger_pristine_max)
        return failed(errc::too_large, "write down descriptors:", std::to_string(open.size()));
    std::ranges::copy(open, head().pristine.begin());
    head().pristine_count.store(static_cast<std::uint32_t>(open.size()), std::memory_order_release);
    return {};
}

void ledger::keep_from_children() const noexcept
{
    ::madvise(memory_.bytes(), memory_.size(), MADV_DONTFORK);
}

}  // namespace cohort::board
