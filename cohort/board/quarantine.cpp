#include <cohort/board/quarantine.hpp>

#include <algorithm>
#include <limits>
#include <utility>

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

/// The third word of an entry, taken apart.
struct hearing {
    enum class stage : std::uint8_t { open, held, ended_well };
    std::uint16_t tag = 0;
    std::uint16_t since_s = 0;  // wraps around after 18 hours: no claim lasts as long
    stage now = stage::open;
    quarantine::runner who{};
};

constexpr unsigned pid_bits = 22;  // PID_MAX_LIMIT
constexpr std::uint64_t pid_mask = (std::uint64_t{1} << pid_bits) - 1;

hearing read_trial(std::uint64_t word, std::uint64_t fingerprint) noexcept
{
    hearing found;
    found.tag = static_cast<std::uint16_t>(word >> 48);
    if (found.tag != tag_of(fingerprint))
        return {.tag = tag_of(fingerprint)};  // of another that was here: nobody's
    found.since_s = static_cast<std::uint16_t>(word >> 32);
    found.now = static_cast<hearing::stage>(word >> 30 & 3U);
    found.who.slot = static_cast<std::uint32_t>(word >> pid_bits & 0xffU);
    found.who.pid = static_cast<std::uint32_t>(word & pid_mask);
    return found;
}

std::uint64_t write_trial(const hearing& what) noexcept
{
    return std::uint64_t{what.tag} << 48 | std::uint64_t{what.since_s} << 32 |
           std::uint64_t{std::to_underlying(what.now)} << 30 |
           (std::uint64_t{what.who.slot} & 0xffU) << pid_bits | (what.who.pid & pid_mask);
}
static_assert(slots_max <= 256, "a slot has eight bits");

std::uint16_t to_wrapped_s(steady_time when) noexcept
{
    return static_cast<std::uint16_t>(
        std::chrono::duration_cast<seconds>(when.time_since_epoch()).count());
}

/// It struck again: that it ended well once counts no more. Who runs it at this moment goes on.
void reopen(quarantine_entry& at, std::uint64_t fingerprint) noexcept
{
    std::uint64_t word = at.trial.load(acquire);
    while (read_trial(word, fingerprint).now == hearing::stage::ended_well &&
           !at.trial.compare_exchange_weak(word, 0, both))
    {
    }
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

bool quarantine::is_over(steady_time now) const noexcept
{
    std::uint64_t last = in_->last_until_ns.load(acquire);
    const auto now_ns = static_cast<std::uint64_t>(now.time_since_epoch().count());
    if (last > now_ns)
        return false;
    // Whoever adds raises the word first, so this takes nothing away from anybody.
    if (last != 0)
        in_->last_until_ns.compare_exchange_strong(last, 0, both);
    return true;
}

/// Two that struck first at the same moment may have made an entry each.
unsigned quarantine::strikes(std::uint64_t fingerprint, steady_time now) const noexcept
{
    unsigned all = 0;
    const std::size_t count = used();
    for (std::size_t i = 0; i < count; ++i) {
        const quarantine_entry& at = in_->entries[i];
        if (at.fingerprint.load(std::memory_order_relaxed) != fingerprint)
            continue;
        const sentence found = read(at.sentence.load(acquire));
        if (counts(found, fingerprint, to_ms(now)))
            all += found.strikes;
    }
    return all;
}

bool quarantine::contains(std::uint64_t fingerprint, steady_time now) const noexcept
{
    if (empty() || is_over(now) || strikes(spelled(fingerprint), now) < strikes_max)
        return false;
    in_->caught_total.fetch_add(1, std::memory_order_relaxed);
    return true;
}

bool quarantine::suspects(std::uint64_t fingerprint, steady_time now) const noexcept
{
    return !empty() && !is_over(now) && strikes(spelled(fingerprint), now) != 0;
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
        raise(in_->last_until_ns, after.until_ms * 1'000'000);
        if (!at->sentence.compare_exchange_strong(word, write(after), both))
            continue;
        // Somebody may have taken the entry for another fingerprint, which then ignores our word.
        if (at->fingerprint.load(acquire) != with.fingerprint)
            continue;
        reopen(*at, with.fingerprint);
        // Behind the entry: whoever sees the count finds what is counted.
        in_->cases.fetch_add(1, both);
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

/// May nobody be running a suspect that he began before it was one?
bool quarantine::all_passed() const noexcept
{
    const std::uint32_t wanted = cases();
    for (std::size_t slot = 0; slot < rows_.size(); ++slot) {
        // A count that is still in its writer's store buffer is not seen here. That takes less than
        // a microsecond, and who has just crashed takes longer to be succeeded.
        if (rows_[slot].tenant.load(acquire) == 0 ||
            rows_[slot].requests_running.load(acquire) == 0)
            continue;
        if (static_cast<std::int32_t>(in_->passed[slot].load(acquire) - wanted) < 0)
            return false;
    }
    return true;
}

quarantine::leave quarantine::ask(std::uint64_t fingerprint, steady_time now,
                                  runner who) const noexcept
{
    if (empty() || is_over(now))
        return leave::free;
    fingerprint = spelled(fingerprint);
    const unsigned struck = strikes(fingerprint, now);
    if (struck == 0)
        return leave::free;
    if (struck < strikes_max) {
        quarantine_entry* const at = find(fingerprint);
        const leave given = at == nullptr ? leave::free : try_alone(*at, now, who);
        // It may have struck once more while we asked.
        if (given == leave::later || strikes(fingerprint, now) < strikes_max)
            return given;
        release(fingerprint, who, ending::unknown);
    }
    in_->caught_total.fetch_add(1, std::memory_order_relaxed);
    return leave::refused;
}

quarantine::leave quarantine::try_alone(quarantine_entry& at, steady_time now,
                                        runner who) const noexcept
{
    const std::uint64_t fingerprint = at.fingerprint.load(acquire);
    std::uint64_t word = at.trial.load(acquire);
    const hearing found = read_trial(word, fingerprint);
    if (found.now == hearing::stage::ended_well)
        return leave::free;
    const auto age = static_cast<std::uint16_t>(to_wrapped_s(now) - found.since_s);
    // A predecessor in our own slot is dead.
    const bool dead = found.who.slot == who.slot && found.who.pid != who.pid;
    if (found.now == hearing::stage::held && !dead && age <= trial_max.count())
        return leave::later;
    if (!all_passed())
        return leave::later;
    const hearing mine{.tag = tag_of(fingerprint),
                       .since_s = to_wrapped_s(now),
                       .now = hearing::stage::held,
                       .who = who};
    return at.trial.compare_exchange_strong(word, write_trial(mine), both) ? leave::alone
                                                                           : leave::later;
}

void quarantine::release(std::uint64_t fingerprint, runner who, ending how) const noexcept
{
    fingerprint = spelled(fingerprint);
    quarantine_entry* const at = find(fingerprint);
    if (at == nullptr)
        return;  // displaced meanwhile
    std::uint64_t word = at->trial.load(acquire);
    const hearing found = read_trial(word, fingerprint);
    if (found.now != hearing::stage::held || found.who.slot != who.slot ||
        found.who.pid != (who.pid & pid_mask))
        return;
    hearing next{.tag = found.tag};
    if (how == ending::well)
        next.now = hearing::stage::ended_well;
    at->trial.compare_exchange_strong(word, write_trial(next), both);
}

void quarantine::release_all(std::uint32_t slot) const noexcept
{
    const std::size_t count = used();
    for (std::size_t i = 0; i < count; ++i) {
        quarantine_entry& at = in_->entries[i];
        std::uint64_t word = at.trial.load(acquire);
        const hearing found = read_trial(word, at.fingerprint.load(acquire));
        if (found.now == hearing::stage::held && found.who.slot == slot)
            at.trial.compare_exchange_strong(word, 0, both);
    }
}

std::uint32_t quarantine::passed(std::uint32_t slot) const noexcept
{
    return slot < slots_max ? in_->passed[slot].load(acquire) : cases();
}

void quarantine::pass(std::uint32_t slot, std::uint32_t cases) const noexcept
{
    if (slot < slots_max)
        in_->passed[slot].store(cases, std::memory_order_release);
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
