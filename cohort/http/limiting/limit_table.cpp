#include <cohort/http/limiting/limit_table.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/random.hpp>

#include <algorithm>
#include <bit>
#include <new>

namespace cohort::http {

namespace {

constexpr std::uint64_t word_mask = (std::uint64_t{1} << limit_word_bits) - 1;

// After so many lost races the request is let through uncounted. Each lost race is somebody else's
// progress; this is a bound, not a plan.
constexpr int attempts_max = 1'000;

// A cell changes hands in two exchanges: `used` becomes a mark that belongs to no key, then `key`
// becomes the newcomer's. Whoever dies between them has made the old tenant start afresh. Whoever
// still writes for the old tenant, between them or after, writes with the old tenant's 12 bits,
// which the newcomer does not take for its own. Those of a mark are 0, which no key has.
constexpr std::uint64_t signature(std::uint64_t key) noexcept { return key & ~word_mask; }
constexpr bool is_of(std::uint64_t used, std::uint64_t key) noexcept
{
    return signature(used ^ key) == 0;
}
limit_word word_in(std::uint64_t used, std::uint64_t key) noexcept
{
    return is_of(used, key) ? used & word_mask : 0;
}

/// Never the same twice (soon), so that an exchange that expects an older mark fails.
std::uint64_t mark_for(std::uint64_t key, std::uint64_t now_ns, std::uint64_t before) noexcept
{
    return mix(key ^ mix(now_ns ^ mix(before))) & word_mask;
}

/// `cell` is one of two that a key has, and nobody has counted in it while it was `used`: given up,
/// unless somebody was faster.
void give_up(limit_cell& cell, std::uint64_t used, std::uint64_t key) noexcept
{
    std::uint64_t expected = key;
    // The mark first: who is about to count in that cell must fail.
    if (cell.used.compare_exchange_strong(used, mark_for(key, used, key)))
        cell.key.compare_exchange_strong(expected, 0);
}

}  // namespace

std::size_t limit_table::bytes_for(std::size_t keys) noexcept
{
    const std::size_t sets = std::bit_ceil(std::max<std::size_t>(keys, 1) / limit_set::ways +
                                           (keys % limit_set::ways != 0 ? 1 : 0));
    return sizeof(limit_table_head) + std::max<std::size_t>(sets, 1) * sizeof(limit_set);
}

limit_table::limit_table(std::span<std::byte> memory) noexcept
    : head_{std::launder(reinterpret_cast<limit_table_head*>(memory.data()))},
      sets_{std::launder(reinterpret_cast<limit_set*>(memory.data() + sizeof(limit_table_head)))},
      mask_{(memory.size() - sizeof(limit_table_head)) / sizeof(limit_set) - 1}
{
    COHORT_ASSERT(memory.size() > sizeof(limit_table_head) && std::has_single_bit(mask_ + 1));
}

std::uint64_t limit_table::hash(std::string_view key) const noexcept
{
    const std::uint64_t drawn = keyed_hash(shared_secret(head_->secret), key);
    return signature(drawn) == 0 ? drawn | (word_mask + 1) : drawn;
}

limit_set& limit_table::set_of(std::uint64_t key) const noexcept { return sets_[key & mask_]; }

std::uint64_t limit_table::evicted() const noexcept
{
    return head_->evicted.load(std::memory_order_relaxed);
}

/// The key's one cell, or null. Two processes may have claimed one each at the same time: then one
/// that was not counted in yet is given up. Its word is looked at once: whoever has counted in it
/// since keeps it, and the next look finds that.
limit_cell* limit_table::find(std::uint64_t key) const noexcept
{
    limit_cell* found = nullptr;
    std::uint64_t found_used = 0;
    for (limit_cell& each : set_of(key).cells) {
        if (each.key.load() != key)
            continue;
        const std::uint64_t used = each.used.load();
        if (found == nullptr || !is_of(found_used, key)) {
            if (found != nullptr)
                give_up(*found, found_used, key);
            found = &each;
            found_used = used;
        } else {
            give_up(each, used, key);
        }
    }
    return found;
}

/// Makes some cell the key's, or fails because somebody was faster; look again.
void limit_table::claim(const limit_rule& by, std::uint64_t key,
                        std::uint64_t now_ns) const noexcept
{
    limit_cell* victim = nullptr;
    std::uint64_t its_key = 0;
    std::uint64_t its_used = 0;
    std::uint64_t its_worth = ~std::uint64_t{0};
    for (limit_cell& each : set_of(key).cells) {
        const std::uint64_t used = each.used.load();
        const std::uint64_t tenant = each.key.load();
        const std::uint64_t worth =
            tenant == 0 ? 0 : by.fades_in_ns(word_in(used, tenant), now_ns) + 1;
        if (worth >= its_worth)
            continue;
        victim = &each;
        its_key = tenant;
        its_used = used;
        its_worth = worth;
    }
    if (!victim->used.compare_exchange_strong(its_used, mark_for(key, now_ns, its_used)))
        return;
    if (victim->key.compare_exchange_strong(its_key, key) && its_worth > 1)
        head_->evicted.fetch_add(1, std::memory_order_relaxed);
}

limit_ruling limit_table::hit(const limit_rule& by, std::uint64_t key,
                              std::uint64_t now_ns) const noexcept
{
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        limit_cell* cell = find(key);
        if (cell == nullptr) {
            claim(by, key, now_ns);
            continue;
        }
        std::uint64_t used = cell->used.load();
        // The first to count in a cell looks once more, from a time when the cell was the key's:
        // of two that were claimed at once, one is seen from the other.
        if (!is_of(used, key) && find(key) != cell)
            continue;
        const limit_word had = word_in(used, key);
        const limit_ruling made = by.step(had, now_ns);
        // Nothing is written for those who hammer.
        if (!made.admitted && made.next == had) {
            if (cell->key.load() == key)
                return made;
            continue;
        }
        const std::uint64_t next = signature(key) | (made.next & word_mask);
        if (cell->used.compare_exchange_strong(used, next))
            return made;
    }
    return by.step(0, now_ns);
}

void limit_table::give_back(const limit_rule& by, std::uint64_t key, limit_word then,
                            std::uint64_t now_ns) const noexcept
{
    limit_cell* cell = find(key);
    if (cell == nullptr)
        return;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        std::uint64_t used = cell->used.load();
        const limit_word had = word_in(used, key);
        const limit_word has = by.give_back(had, then, now_ns);
        if (has == had || cell->used.compare_exchange_strong(used, signature(key) | has))
            return;
    }
}

}  // namespace cohort::http
