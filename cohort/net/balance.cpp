#include <cohort/net/balance.hpp>

#include <cohort/base/random.hpp>

#include <algorithm>

namespace cohort::net {

namespace {

/// No compute, some, more than there are lanes: finer differences are noise.
enum class strain : std::uint8_t { idle, working, saturated };

strain strain_of(const load& worker) noexcept
{
    if (worker.lanes_busy == 0)
        return strain::idle;
    return worker.lanes != 0 && worker.lanes_busy >= worker.lanes ? strain::saturated
                                                                  : strain::working;
}

const load* find(std::span<const load> everyone, std::uint32_t slot) noexcept
{
    const auto at = std::ranges::find(everyone, slot, &load::slot);
    return at == everyone.end() ? nullptr : &*at;
}

/// FNV-1a over the address; mix() makes up for its weak high bits.
std::uint64_t hash(std::string_view bytes) noexcept
{
    std::uint64_t state = 0xcbf29ce484222325ULL;
    for (const char c : bytes)
        state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return state;
}

}  // namespace

handovers_in_flight::account& handovers_in_flight::settle(const load& to)
{
    if (to.slot >= accounts_.size())
        accounts_.resize(to.slot + std::size_t{1});
    account& of = accounts_[to.slot];
    const std::uint32_t before = of.open;
    if (to.inbox_taken_total < of.taken_seen)
        of.open = 0;  // a new tenant counts from zero; what waited, it takes first of all
    else
        of.open -= static_cast<std::uint32_t>(
            std::min<std::uint64_t>(of.open, to.inbox_taken_total - of.taken_seen));
    if (to.inbox_taken_total != of.taken_seen || before == 0)
        of.moved = {};  // something happens there: the waiting begins anew
    of.taken_seen = to.inbox_taken_total;
    return of;
}

void handovers_in_flight::given(const load& to, steady_time now)
{
    account& of = settle(to);
    if (of.moved == steady_time{})
        of.moved = now;
    ++of.open;
}

std::uint32_t handovers_in_flight::towards(const load& to) { return settle(to).open; }

bool handovers_in_flight::neglected(const load& to, steady_time now)
{
    account& of = settle(to);
    if (of.open == 0)
        return false;
    if (of.moved == steady_time{})
        of.moved = now;
    if (now - of.moved > forgotten_after) {
        of = {.taken_seen = to.inbox_taken_total, .open = 0, .moved = {}};
        return false;
    }
    return of.open >= open_max || now - of.moved > neglected_after;
}

bool balanced::may_accept(std::span<const load> everyone, steady_time now) noexcept
{
    const load* const own = find(everyone, own_slot_);
    if (own == nullptr || !own->accepting)
        return false;

    const strain mine = strain_of(*own);
    const bool others_first = std::ranges::any_of(everyone, [&](const load& other) {
        return other.slot != own_slot_ && other.accepting && strain_of(other) < mine;
    });
    if (!others_first) {
        waiting_since_.reset();
        return true;
    }
    // A "no" long ago was about another connection: somebody took that one.
    if (!waiting_since_ || now - last_no_ > 4 * pause)
        waiting_since_ = now;
    last_no_ = now;
    if (now - *waiting_since_ < patience)
        return false;
    waiting_since_.reset();
    return true;
}

std::optional<std::uint32_t> balanced::hand_to(std::span<const load> everyone, steady_time now)
{
    const load* const own = find(everyone, own_slot_);
    if (own == nullptr)
        return std::nullopt;
    const load* least = nullptr;
    std::uint64_t fewest = 0;
    for (const load& other : everyone) {
        if (other.slot == own_slot_ || !other.accepting || in_flight_.neglected(other, now))
            continue;
        // Few connections are no sign of leisure while the lanes are full.
        if (strain_of(other) == strain::saturated && strain_of(*own) != strain::saturated)
            continue;
        const std::uint64_t has = std::uint64_t{other.connections_open} + in_flight_.towards(other);
        if (least == nullptr || has < fewest) {
            least = &other;
            fewest = has;
        }
    }
    if (least == nullptr)
        return std::nullopt;
    const std::uint64_t tolerated = fewest + std::max<std::uint64_t>(4, fewest / 8);
    if (std::uint64_t{own->connections_open} + 1 <= tolerated)
        return std::nullopt;
    return least->slot;
}

std::optional<std::uint32_t> round_robin::choose(std::span<const load> everyone, std::string_view)
{
    const load* lowest = nullptr;
    const load* next = nullptr;
    for (const load& one : everyone) {
        if (!one.accepting)
            continue;
        if (lowest == nullptr || one.slot < lowest->slot)
            lowest = &one;
        if (last_ && one.slot > *last_ && (next == nullptr || one.slot < next->slot))
            next = &one;
    }
    const load* const chosen = next != nullptr ? next : lowest;
    if (chosen == nullptr)
        return std::nullopt;
    last_ = chosen->slot;
    return last_;
}

std::optional<std::uint32_t> least_connections::choose(std::span<const load> everyone,
                                                       std::string_view)
{
    const load* best = nullptr;
    std::uint64_t fewest = 0;
    // Starting behind the last one chosen, so that equals take turns.
    for (std::size_t i = 0; i < everyone.size(); ++i) {
        const load& one = everyone[(next_ + i) % everyone.size()];
        if (!one.accepting)
            continue;
        const std::uint64_t has = std::uint64_t{one.connections_open} + one.on_their_way;
        if (best == nullptr || has < fewest) {
            best = &one;
            fewest = has;
        }
    }
    if (best == nullptr)
        return std::nullopt;
    next_ = static_cast<std::uint32_t>(best - everyone.data()) + 1;
    return best->slot;
}

std::optional<std::uint32_t> sticky::choose(std::span<const load> everyone, std::string_view client)
{
    const std::uint64_t key = hash(client);
    const load* chosen = nullptr;
    std::uint64_t highest = 0;
    for (const load& one : everyone) {
        if (!one.accepting && !one.crowded)
            continue;
        // Each slot draws a number for this client; the highest wins. A slot that comes or goes
        // changes nobody else's number.
        const std::uint64_t weight = mix(key ^ mix(one.slot + 0x9e3779b97f4a7c15ULL));
        if (chosen == nullptr || weight > highest) {
            highest = weight;
            chosen = &one;
        }
    }
    if (chosen == nullptr || !chosen->accepting)
        return std::nullopt;
    return chosen->slot;
}

}  // namespace cohort::net
