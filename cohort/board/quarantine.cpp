#include <cohort/board/quarantine.hpp>

#include <algorithm>
#include <limits>

namespace cohort::board {

namespace {

constexpr auto acquire = std::memory_order_acquire;
constexpr auto both = std::memory_order_acq_rel;

/// The second word of an entry, taken apart. Times are whole milliseconds: 40 bits last 34 years.
struct sentence {
    std::uint64_t until_ms = 0;
    std::uint16_t tag = 0;
    std::uint8_t strikes = 0;
};

sentence read(std::uint64_t word) noexcept
{
    return {word >> 24, static_cast<std::uint16_t>(word >> 8), static_cast<std::uint8_t>(word)};
}

std::uint64_t write(sentence what) noexcept
{
    return what.until_ms << 24 | std::uint64_t{what.tag} << 8 | what.strikes;
}

std::uint16_t tag_of(std::uint64_t fingerprint) noexcept
{
    return static_cast<std::uint16_t>(fingerprint ^ fingerprint >> 16 ^ fingerprint >> 32 ^
                                      fingerprint >> 48);
}

std::uint64_t to_ms(steady_time when) noexcept
{
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<milliseconds>(when.time_since_epoch()).count());
}

/// 0 stands for an entry that was never used.
std::uint64_t spelled(std::uint64_t fingerprint) noexcept
{
    return fingerprint == 0 ? 1 : fingerprint;
}

/// Does the entry say anything about this fingerprint at that moment?
bool counts(sentence what, std::uint64_t fingerprint, std::uint64_t now_ms) noexcept
{
    constexpr auto longest = static_cast<std::uint64_t>(
        std::chrono::duration_cast<milliseconds>(quarantine::longest).count());
    return what.strikes != 0 && what.tag == tag_of(fingerprint) && what.until_ms > now_ms &&
           what.until_ms - now_ms <= longest;
}

template <class T>
void raise(std::atomic<T>& word, T to) noexcept
{
    T seen = word.load(acquire);
    while (seen < to && !word.compare_exchange_weak(seen, to, both)) {
    }
}

}  // namespace

/// What hit() adds.
struct quarantine::blow {
    std::uint64_t fingerprint;
    std::uint64_t now_ms;
    std::uint64_t until_ms;
    unsigned strikes;
};

std::size_t quarantine::used() const noexcept
{
    return std::min<std::size_t>(in_->used.load(acquire), quarantine_max);
}

quarantine_entry* quarantine::find(std::uint64_t fingerprint) const noexcept
{
    const std::size_t count = used();
    for (std::size_t i = 0; i < count; ++i) {
        if (in_->entries[i].fingerprint.load(std::memory_order_relaxed) == fingerprint)
            return &in_->entries[i];
    }
    return nullptr;
}

bool quarantine::look(std::uint64_t fingerprint, steady_time now) const noexcept
{
    std::uint64_t last = in_->last_until_ns.load(acquire);
    const auto now_ns = static_cast<std::uint64_t>(now.time_since_epoch().count());
    if (last <= now_ns) {
        // Whoever adds raises the word first, so this takes nothing away from anybody.
        in_->last_until_ns.compare_exchange_strong(last, 0, both);
        return false;
    }
    fingerprint = spelled(fingerprint);
    const std::size_t count = used();
    for (std::size_t i = 0; i < count; ++i) {
        const quarantine_entry& at = in_->entries[i];
        if (at.fingerprint.load(std::memory_order_relaxed) != fingerprint)
            continue;
        const sentence found = read(at.sentence.load(acquire));
        if (found.strikes >= strikes_max && counts(found, fingerprint, to_ms(now))) {
            in_->caught_total.fetch_add(1, std::memory_order_relaxed);
            return true;
        }
    }
    return false;
}

unsigned quarantine::strike(std::uint64_t fingerprint, steady_time now,
                            nanoseconds lasting) const noexcept
{
    return hit({.fingerprint = spelled(fingerprint),
                .now_ms = to_ms(now),
                .until_ms = to_ms(now + std::clamp<nanoseconds>(lasting, {}, longest)),
                .strikes = 1});
}

void quarantine::add(std::uint64_t fingerprint, steady_time now, nanoseconds lasting) const noexcept
{
    hit({.fingerprint = spelled(fingerprint),
         .now_ms = to_ms(now),
         .until_ms = to_ms(now + std::clamp<nanoseconds>(lasting, {}, longest)),
         .strikes = strikes_max});
}

unsigned quarantine::hit(const blow& with) const noexcept
{
    constexpr unsigned strikes_ceiling = std::numeric_limits<std::uint8_t>::max();
    // Nobody waits for anybody: whoever comes in between has made progress, and so often nobody
    // does. To give up loses one strike.
    for (unsigned attempt = 0; attempt < 1000; ++attempt) {
        quarantine_entry* at = find(with.fingerprint);
        if (!at)
            at = make_room(with);
        if (!at)
            continue;
        std::uint64_t word = at->sentence.load(acquire);
        const sentence before = read(word);
        const bool known = counts(before, with.fingerprint, with.now_ms);
        sentence after;
        after.tag = tag_of(with.fingerprint);
        after.until_ms = known ? std::max(before.until_ms, with.until_ms) : with.until_ms;
        const unsigned strikes = (known ? before.strikes : 0U) + with.strikes;
        after.strikes = static_cast<std::uint8_t>(std::min(strikes, strikes_ceiling));
        // Before the entry: a death in between makes readers look at a table that has nothing.
        if (strikes >= strikes_max)
            raise(in_->last_until_ns, after.until_ms * 1'000'000);
        if (!at->sentence.compare_exchange_strong(word, write(after), both))
            continue;
        // Somebody may have taken the entry for another fingerprint, which then ignores our word.
        if (at->fingerprint.load(acquire) != with.fingerprint)
            continue;
        const bool new_one = !known || before.strikes < strikes_max;
        if (new_one && strikes >= strikes_max)
            in_->added_total.fetch_add(1, std::memory_order_relaxed);
        return after.strikes;
    }
    return with.strikes;
}

/// An entry with this fingerprint, and words that do not count; nothing if somebody was faster.
quarantine_entry* quarantine::make_room(const blow& with) const noexcept
{
    // Free ones first; then suspects; then who has the least time left.
    quarantine_entry* chosen = nullptr;
    std::uint64_t chosen_rank = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t owner = 0;
    for (quarantine_entry& at : in_->entries) {
        const std::uint64_t fingerprint = at.fingerprint.load(acquire);
        const sentence found = read(at.sentence.load(acquire));
        std::uint64_t rank = 0;
        if (fingerprint != 0 && counts(found, fingerprint, with.now_ms)) {
            rank = found.until_ms;
            if (found.strikes >= strikes_max)
                rank |= std::uint64_t{1} << 63;
        }
        if (rank < chosen_rank) {
            chosen = &at;
            chosen_rank = rank;
            owner = fingerprint;
        }
        if (rank == 0)
            break;
    }
    if (!chosen)
        return nullptr;
    raise(in_->used, static_cast<std::uint32_t>(chosen - in_->entries.data()) + 1);
    if (!chosen->fingerprint.compare_exchange_strong(owner, with.fingerprint, both))
        return nullptr;
    if (chosen_rank != 0)
        in_->displaced_total.fetch_add(1, std::memory_order_relaxed);
    return chosen;
}

quarantine::totals quarantine::total() const noexcept
{
    return {in_->added_total.load(acquire), in_->displaced_total.load(acquire),
            in_->caught_total.load(acquire)};
}

std::size_t quarantine::size(steady_time now) const noexcept
{
    std::size_t count = 0;
    for (const quarantine_entry& at : in_->entries) {
        const sentence found = read(at.sentence.load(acquire));
        if (found.strikes >= strikes_max && counts(found, at.fingerprint.load(acquire), to_ms(now)))
            ++count;
    }
    return count;
}

}  // namespace cohort::board
