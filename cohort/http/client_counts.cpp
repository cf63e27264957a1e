#include <cohort/http/client_counts.hpp>

#include <cohort/base/assert.hpp>

#include <new>

namespace cohort::http {

namespace {

/// What limit_key::address() takes, too.
constexpr unsigned ipv6_bits = 56;

ip_address client_of(const ip_address& who) noexcept
{
    return who.is_v6() ? who.network(ipv6_bits) : who;
}

}  // namespace

std::size_t client_counts::hash::operator()(const ip_address& who) const noexcept
{
    const auto octets = who.octets();
    return keyed_hash(by, {reinterpret_cast<const char*>(octets.data()), octets.size()});
}

client_counts::client_counts(std::size_t most, std::span<const net_range> uncounted)
    : most_{most},
      uncounted_{uncounted.begin(), uncounted.end()},
      entries_{0, hash{random_secret()}}
{}

bool client_counts::counts(const ip_address& who) const noexcept
{
    return on() && who.is_ip() && !any_contains(uncounted_, who);
}

ip_address client_counts::counted(const ip_address& who) const noexcept
{
    return counts(who) ? client_of(who) : ip_address{};
}

bool client_counts::has_room(const ip_address& who) const
{
    return !counts(who) || connections_of(who) < most_;
}

client_counts::entry* client_counts::enter(const ip_address& who) noexcept
{
    if (!counts(who))
        return nullptr;
    try {
        entry& its = *entries_.try_emplace(client_of(who), 0U).first;
        ++its.second;
        return &its;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void client_counts::leave(entry* of) noexcept
{
    if (of == nullptr)
        return;
    COHORT_ASSERT(of->second != 0);
    if (--of->second == 0) {
        const ip_address who = of->first;  // the key must not go while it is looked for
        entries_.erase(who);
    }
}

std::size_t client_counts::connections_of(const ip_address& who) const
{
    const auto found = entries_.find(client_of(who));
    return found != entries_.end() ? found->second : 0;
}

}  // namespace cohort::http
