// What a server does when all its places are taken: whoever has asked nothing for longest goes.
#include <cohort/http/place_entry.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/session.hpp>

#include <algorithm>
#include <chrono>
#include <functional>

namespace cohort::http {

namespace {

/// Who can open connections without end must not be able to close those of all others at once: of
/// all connections, so large a part in each second, and so many at least.
constexpr std::size_t part_a_second = 64;
constexpr std::size_t closed_a_second_least = 16;

/// In the server's seconds.
std::optional<std::uint32_t> idle_since(const place_entry& who, steady_time born) noexcept
{
    const auto since = who.tenant != nullptr ? who.tenant->idle_since() : std::nullopt;
    if (!since)
        return std::nullopt;
    const auto age = std::chrono::duration_cast<seconds>(*since - born);
    return static_cast<std::uint32_t>(age.count()) + 1;
}

}  // namespace

/// Newcomers wait in the kernel's queue, of which we hear nothing: the place must be free before
/// they come.
void server::keep_a_place_free() noexcept
{
    if (!full() || draining_) [[likely]]
        return;
    if (looked_for_idle_ != second_) {
        look_for_idle();
        if (options_.on_full)
            options_.on_full({.connections = connections_, .made_room = made_room_});
    }
    while (full() && close_longest_idle()) {
    }
    // Somebody may have been without a request for long enough a second later.
    if (full() && (armed_for_ == 0 || armed_for_ > second_ + 1))
        arm();
}

/// A walk over all connections, once a second.
void server::look_for_idle()
{
    looked_for_idle_ = second_;
    idle_.clear();
    const auto least = static_cast<std::uint32_t>(rules_.patience.keep_alive_when_full.count());
    if (least == 0)
        return;
    const std::size_t most =
        std::max(options_.connections_max / part_a_second, closed_a_second_least);
    const auto is_older = [](const idle_one& a, const idle_one& b) { return a.since < b.since; };
    const auto add = [&](idle_one who) {
        if (second_ < who.since + std::uint64_t{least})
            return;
        if (idle_.size() == most) {
            // The youngest of them is in front.
            if (!is_older(who, idle_.front()))
                return;
            std::ranges::pop_heap(idle_, is_older);
            idle_.pop_back();
        }
        idle_.push_back(who);
        std::ranges::push_heap(idle_, is_older);
    };
    for (session* each = first_; each != nullptr; each = each->next_) {
        if (const auto since = each->idle_since())
            add({.since = *since, .who = each, .place = nullptr});
    }
    for (place_entry* each = places_; each != nullptr; each = each->next) {
        if (const auto since = idle_since(*each, born_))
            add({.since = *since, .who = nullptr, .place = each});
    }
    std::ranges::sort(idle_, std::ranges::greater{}, &idle_one::since);
}

/// False: there is none, or none in this second any more.
bool server::close_longest_idle() noexcept
{
    while (!idle_.empty()) {
        const idle_one it = idle_.back();
        idle_.pop_back();
        const std::size_t before = connections_;
        if (it.who != nullptr) {
            if (it.who->idle_since() != it.since)
                continue;
            it.who->make_room();
        } else {
            if (idle_since(*it.place, born_) != it.since)
                continue;
            it.place->tenant->make_room();
        }
        if (connections_ < before) {
            ++made_room_;
            return true;
        }
    }
    return false;
}

/// It is gone, or somebody else's.
void server::forget_idle(const void* who) noexcept
{
    if (!idle_.empty()) [[unlikely]]
        std::erase_if(idle_,
                      [who](const idle_one& each) { return each.who == who || each.place == who; });
}

}  // namespace cohort::http
