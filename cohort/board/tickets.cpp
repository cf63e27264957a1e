#include <cohort/board/tickets.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace cohort::board {

namespace {

constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;

constexpr unsigned index_bits = 15;
constexpr std::uint32_t index_mask = (1U << index_bits) - 1;
constexpr std::uint32_t generation_max = (1U << (32 - index_bits)) - 1;

/// What an entry's word says. A corpse, or a wild pointer, may have left any number there.
struct saying {
    std::uint32_t generation;
    passage now;
};

saying read(std::uint64_t word) noexcept
{
    const std::uint64_t now = word & 0xff;
    const std::uint64_t generation = word >> 8;
    if (now > static_cast<std::uint64_t>(passage::revoked) || generation > generation_max)
        return {1, passage::free};
    // Fresh memory: the first generation is 1, so that no ticket is 0.
    return {std::max(static_cast<std::uint32_t>(generation), 1U), static_cast<passage>(now)};
}

std::uint64_t write(saying what) noexcept
{
    return std::uint64_t{what.generation} << 8 | static_cast<std::uint64_t>(what.now);
}

std::uint32_t following(std::uint32_t generation) noexcept
{
    return generation == generation_max ? 1 : generation + 1;
}

std::uint32_t index_of(ticket which) noexcept { return std::to_underlying(which) & index_mask; }

std::uint32_t generation_of(ticket which) noexcept
{
    return std::to_underlying(which) >> index_bits;
}

ticket number(std::uint32_t index, std::uint32_t generation) noexcept
{
    return static_cast<ticket>(generation << index_bits | index);
}

/// Frees the entry if it still says `word`. No stale number matches it any more.
bool free(ticket_entry& entry, std::uint64_t word) noexcept
{
    const saying next{following(read(word).generation), passage::free};
    return entry.word.compare_exchange_strong(word, write(next), std::memory_order_acq_rel);
}

}  // namespace

std::uint32_t tickets::entries() const noexcept { return tickets_for(slots_); }

tickets::range tickets::range_of(std::uint32_t from) const noexcept
{
    if (from == from_primary)
        return {slots_ * per_slot, of_primary};
    if (from >= slots_)
        return {};
    return {from * per_slot, per_slot};
}

ticket_entry* tickets::entry(ticket which) const noexcept
{
    const std::uint32_t index = index_of(which);
    if (index >= entries() || generation_of(which) == 0)
        return nullptr;
    auto* bytes = reinterpret_cast<std::byte*>(in_) + sizeof(ticket_table);
    return std::launder(reinterpret_cast<ticket_entry*>(bytes + index * sizeof(ticket_entry)));
}

std::optional<std::uint32_t> tickets::giver(ticket which) const noexcept
{
    if (!entry(which))
        return std::nullopt;
    const std::uint32_t slot = index_of(which) / per_slot;
    return slot < slots_ ? slot : from_primary;
}

std::optional<ticket> tickets::offer(const ticket_terms& what, steady_time now) const noexcept
{
    const auto [first, count] = range_of(what.from);
    if (count == 0 || what.to == what.from || (what.to >= slots_ && what.to != from_primary))
        return std::nullopt;
    // All around the range before an entry is used again: generations last the longer.
    auto& cursor = in_->cursors[std::min(what.from, slots_)];
    const std::uint32_t begin = cursor.load(std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t at = (begin + i) % count;
        if (const auto issued = issue(first + at, what, now)) {
            cursor.store((at + 1) % count, std::memory_order_relaxed);
            return issued;
        }
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        ticket_entry& old = *entry(number(first + i, 1));
        const std::uint64_t word = old.word.load(acquire);
        const steady_time since{nanoseconds{static_cast<std::int64_t>(old.since_ns.load(acquire))}};
        if (since <= now && now - since >= abandoned_after && free(old, word)) {
            if (const auto issued = issue(first + i, what, now))
                return issued;
        }
    }
    return std::nullopt;
}

std::optional<ticket> tickets::issue(std::uint32_t index, const ticket_terms& what,
                                     steady_time now) const noexcept
{
    ticket_entry& to = *entry(number(index, 1));
    const saying before = read(to.word.load(acquire));
    if (before.now != passage::free)
        return std::nullopt;
    to.cookie.store(what.cookie, release);
    to.since_ns.store(static_cast<std::uint64_t>(now.time_since_epoch().count()), release);
    to.to.store(what.to, release);
    to.endpoint.store(what.endpoint, release);
    // A death up to here leaves a free entry. The giver is the only writer of one that is free.
    to.word.store(write({before.generation, passage::offered}), release);
    return number(index, before.generation);
}

bool tickets::move(ticket which, passage from, passage to) const noexcept
{
    ticket_entry* at = entry(which);
    if (!at)
        return false;
    std::uint64_t expected = write({generation_of(which), from});
    return at->word.compare_exchange_strong(expected, write({generation_of(which), to}),
                                            std::memory_order_acq_rel);
}

bool tickets::take(ticket which) const noexcept
{
    return move(which, passage::offered, passage::taken);
}

bool tickets::hold(ticket which) const noexcept
{
    if (take(which))
        return true;
    const auto now = look(which);
    return now && now->now == passage::taken;
}

bool tickets::revoke(ticket which) const noexcept
{
    if (move(which, passage::offered, passage::revoked))
        return true;
    const auto now = look(which);
    return now && now->now == passage::revoked;
}

void tickets::settle(ticket which) const noexcept
{
    ticket_entry* at = entry(which);
    if (!at)
        return;
    const std::uint64_t word = at->word.load(acquire);
    const saying now = read(word);
    const bool decided = now.now == passage::taken || now.now == passage::revoked;
    if (decided && now.generation == generation_of(which))
        free(*at, word);
}

std::optional<tickets::reading> tickets::look(ticket which) const noexcept
{
    const ticket_entry* at = entry(which);
    if (!at)
        return std::nullopt;
    const saying now = read(at->word.load(acquire));
    if (now.generation != generation_of(which) || now.now == passage::free)
        return std::nullopt;
    reading seen;
    seen.which = which;
    seen.now = now.now;
    seen.terms.from = giver(which).value_or(from_primary);
    seen.terms.to = at->to.load(acquire);
    seen.terms.endpoint = at->endpoint.load(acquire);
    seen.terms.cookie = at->cookie.load(acquire);
    seen.since = steady_time{nanoseconds{static_cast<std::int64_t>(at->since_ns.load(acquire))}};
    // Asking twice stands in for a lock; terms change only while the generation does.
    if (read(at->word.load(acquire)).generation != now.generation)
        return std::nullopt;
    return seen;
}

std::optional<ticket> tickets::find_offered(const sought& what) const noexcept
{
    for (std::uint32_t i = 0; i < entries(); ++i) {
        const ticket_entry& at = *entry(number(i, 1));
        if (at.cookie.load(acquire) != what.cookie || at.to.load(acquire) != what.to)
            continue;
        const saying now = read(at.word.load(acquire));
        const auto seen = look(number(i, now.generation));
        if (seen && seen->now == passage::offered && seen->terms.cookie == what.cookie &&
            seen->terms.to == what.to)
            return seen->which;
    }
    return std::nullopt;
}

std::vector<tickets::reading> tickets::about(std::uint64_t cookie) const
{
    std::vector<reading> all;
    for (std::uint32_t i = 0; i < entries(); ++i) {
        const ticket_entry& at = *entry(number(i, 1));
        if (at.cookie.load(acquire) != cookie)
            continue;
        const auto seen = look(number(i, read(at.word.load(acquire)).generation));
        if (seen && seen->now != passage::free && seen->terms.cookie == cookie)
            all.push_back(*seen);
    }
    return all;
}

std::vector<tickets::reading> tickets::under_way(std::uint32_t from) const
{
    std::vector<reading> all;
    const auto [first, count] = range_of(from);
    for (std::uint32_t i = first; i < first + count; ++i) {
        const saying now = read(entry(number(i, 1))->word.load(acquire));
        if (auto seen = look(number(i, now.generation)))
            all.push_back(*seen);
    }
    return all;
}

void tickets::settle_all(std::uint32_t slot) const noexcept
{
    for (std::uint32_t i = 0; i < entries(); ++i) {
        const ticket_entry& at = *entry(number(i, 1));
        const saying now = read(at.word.load(acquire));
        const ticket which = number(i, now.generation);
        const bool won = (now.now == passage::taken && at.to.load(acquire) == slot) ||
                         (now.now == passage::revoked && giver(which) == slot);
        if (won)
            settle(which);
    }
}

}  // namespace cohort::board
