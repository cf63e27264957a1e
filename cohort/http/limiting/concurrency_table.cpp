#include <cohort/http/limiting/concurrency_table.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/random.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/http/keyed_hash.hpp>

#include <algorithm>
#include <bit>
#include <new>
#include <thread>

#include <unistd.h>

namespace cohort::http {

namespace {

constexpr unsigned count_bits = 20;
constexpr std::uint64_t count_mask = (std::uint64_t{1} << count_bits) - 1;
constexpr std::uint64_t claim_bit = std::uint64_t{1} << count_bits;
constexpr unsigned owner_shift = count_bits + 1;
constexpr unsigned key_shift = owner_shift + 8;
static_assert(concurrency_table::limit_max < count_mask);

// Who else claims the last place has it or has not after a few instructions, unless it is kept from
// running: so at the end we let others run, a few times. Then its claim counts as taken.
constexpr int attempts_max = 32;
constexpr int attempts_at_once = 24;

/// What the words of this key have in common, in a section of that owner.
constexpr std::uint64_t signature(std::uint64_t key, std::uint64_t owner) noexcept
{
    return key >> key_shift << key_shift | (owner & 0xff) << owner_shift;
}
constexpr bool is_of(std::uint64_t word, std::uint64_t signed_as) noexcept
{
    return word >> owner_shift == signed_as >> owner_shift;
}
constexpr std::uint64_t count_in(std::uint64_t word) noexcept { return word & count_mask; }

}  // namespace

/// What other workers have.
struct concurrency_table::sum {
    std::uint64_t counted = 0;
    std::uint64_t claims = 0;
    bool claimed_below = false;  // in a lower slot
};

std::size_t concurrency_table::bytes_for(std::size_t keys) noexcept
{
    const std::size_t sets = std::bit_ceil(
        std::max<std::size_t>((keys + concurrency_set::ways - 1) / concurrency_set::ways, 1));
    return sizeof(concurrency_head) + sets * sizeof(concurrency_set) * board::slots_max;
}

concurrency_table::concurrency_table(std::span<std::byte> memory,
                                     std::span<const board::slot> rows) noexcept
    : head_{std::launder(reinterpret_cast<concurrency_head*>(memory.data()))},
      sections_{std::launder(
          reinterpret_cast<concurrency_set*>(memory.data() + sizeof(concurrency_head)))},
      mask_{(memory.size() - sizeof(concurrency_head)) / sizeof(concurrency_set) /
                board::slots_max -
            1},
      rows_{rows}
{
    COHORT_ASSERT(memory.size() > sizeof(concurrency_head) && std::has_single_bit(mask_ + 1));
}

std::uint64_t concurrency_table::hash(std::string_view key) const noexcept
{
    return keyed_hash(shared_secret(head_->secret), key);
}

std::uint64_t concurrency_table::uncounted() const noexcept
{
    return head_->uncounted.load(std::memory_order_relaxed);
}

concurrency_set& concurrency_table::set_of(std::uint64_t key, std::size_t slot) const noexcept
{
    return sections_[slot * (mask_ + 1) + (key & mask_)];
}

/// The number of who sits there; 0: nobody.
std::uint64_t concurrency_table::worker_in(std::size_t slot) const noexcept
{
    if (rows_.empty())
        return 1;
    return slot < rows_.size() ? rows_[slot].worker_id.load() : 0;
}

/// The same if it is this process; 0: it is not. Who has lost its keeper may go on for a while when
/// somebody else sits in its slot.
std::uint64_t concurrency_table::here(std::size_t slot) const noexcept
{
    if (slot >= board::slots_max)
        return 0;
    if (rows_.empty())
        return 1;
    if (slot >= rows_.size() || board::pid_of(rows_[slot].tenant.load()) != ::getpid())
        return 0;
    return worker_in(slot);
}

void concurrency_table::move_in(std::size_t slot, std::uint64_t who) noexcept
{
    // Nobody's while it is swept: who dies here leaves nothing that counts.
    head_->owners[slot].store(0);
    for (std::size_t i = 0; i <= mask_; ++i) {
        for (cell& each : set_of(i, slot).cells) {
            if (each.load(std::memory_order_relaxed) != 0)
                each.store(0);
        }
    }
    std::uint64_t used = head_->slots_used.load();
    while (used <= slot && !head_->slots_used.compare_exchange_weak(used, slot + 1)) {
    }
    head_->owners[slot].store(who);
}

/// The key's cell in this worker's own section, or a free one; null: there is none.
concurrency_table::cell* concurrency_table::take(std::uint64_t key, std::size_t slot) noexcept
{
    const std::uint64_t who = here(slot);
    if (who == 0)
        return nullptr;
    if (head_->owners[slot].load() != who)
        move_in(slot, who);
    const std::uint64_t mine = signature(key, who);
    cell* free = nullptr;
    for (cell& each : set_of(key, slot).cells) {
        const std::uint64_t word = each.load(std::memory_order_relaxed);
        if (is_of(word, mine))
            return count_in(word) < count_mask ? &each : nullptr;
        const bool is_free = count_in(word) == 0 || (word >> owner_shift & 0xff) != (who & 0xff);
        if (is_free && free == nullptr)
            free = &each;
    }
    if (free != nullptr)
        free->store(0);
    return free;
}

concurrency_table::sum concurrency_table::others(std::uint64_t key, std::size_t slot) const noexcept
{
    sum found;
    const auto slots = std::min<std::uint64_t>(head_->slots_used.load(), board::slots_max);
    for (std::size_t each = 0; each < slots; ++each) {
        const std::uint64_t owner = head_->owners[each].load();
        if (each == slot || owner == 0)
            continue;
        const std::uint64_t its = signature(key, owner);
        for (const cell& at : set_of(key, each).cells) {
            const std::uint64_t word = at.load();
            if (!is_of(word, its))
                continue;
            // Looked at only now: rows are written with every request.
            if (worker_in(each) != owner)
                break;
            found.counted += count_in(word);
            if ((word & claim_bit) != 0) {
                ++found.claims;
                found.claimed_below = found.claimed_below || each < slot;
            }
            break;
        }
    }
    return found;
}

concurrency_table::ruling concurrency_table::decide(cell& mine, std::uint64_t key,
                                                    std::uint64_t limit, std::size_t slot) noexcept
{
    const std::uint64_t count = count_in(mine.load(std::memory_order_relaxed));
    const std::uint64_t name = signature(key, head_->owners[slot].load(std::memory_order_relaxed));
    const std::uint64_t as_it_was = count == 0 ? 0 : name | count;
    ruling made;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        // Sequentially consistent, as the loads in others(): of two that claim, one sees the other.
        mine.store(name | claim_bit | count);
        const sum their = others(key, slot);
        made.under_way = count + their.counted;
        if (made.under_way + their.claims < limit) {
            mine.store(name | (count + 1));
            return {entry::counted, made.under_way + 1};
        }
        if (made.under_way >= limit)
            break;
        if (their.claimed_below)
            mine.store(as_it_was);
        if (attempt >= attempts_at_once)
            std::this_thread::yield();
    }
    mine.store(as_it_was);
    return made;
}

concurrency_table::ruling concurrency_table::let_in() noexcept
{
    head_->uncounted.fetch_add(1, std::memory_order_relaxed);
    return {entry::uncounted, 0};
}

concurrency_table::ruling concurrency_table::enter(std::uint64_t key, std::uint64_t limit,
                                                   std::size_t slot) noexcept
{
    cell* const mine = take(key, slot);
    return mine == nullptr ? let_in() : decide(*mine, key, limit, slot);
}

concurrency_table::ruling concurrency_table::enter_again(std::uint64_t key,
                                                         std::size_t slot) noexcept
{
    cell* const mine = take(key, slot);
    if (mine == nullptr)
        return let_in();
    const std::uint64_t name = signature(key, head_->owners[slot].load(std::memory_order_relaxed));
    mine->store(name | (count_in(mine->load(std::memory_order_relaxed)) + 1));
    return {entry::counted, under_way(key)};
}

void concurrency_table::leave(std::uint64_t key, std::size_t slot) noexcept
{
    const std::uint64_t who = here(slot);
    // Somebody else's by now, and what was counted is void.
    if (who == 0 || head_->owners[slot].load() != who)
        return;
    const std::uint64_t name = signature(key, who);
    for (cell& each : set_of(key, slot).cells) {
        const std::uint64_t word = each.load(std::memory_order_relaxed);
        if (!is_of(word, name) || count_in(word) == 0)
            continue;
        each.store(count_in(word) == 1 ? 0 : name | (count_in(word) - 1));
        return;
    }
}

std::uint64_t concurrency_table::under_way(std::uint64_t key) const noexcept
{
    return others(key, board::slots_max).counted;
}

}  // namespace cohort::http
