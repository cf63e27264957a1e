#pragma once

#include <cohort/http/ip_address.hpp>
#include <cohort/http/keyed_hash.hpp>
#include <cohort/http/net_range.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohort::http {

/// How many open connections each client has. A resource, of one event loop.
///
/// A client is an IPv4 address, or the /56 that an IPv6 address lies in: all of that is one
/// customer's. Who has no address, or is in one of the ranges, is not counted. Only clients with an
/// open connection have an entry, so there are never more entries than connections.
class client_counts {
public:
    /// One client and its connections. Lifetime: until the last of them has left.
    using entry = std::pair<const ip_address, std::uint32_t>;

    /// @param most  Connections of one client; 0: any number, and nothing is counted.
    client_counts(std::size_t most, std::span<const net_range> uncounted);

    /// Is there anything to count?
    [[nodiscard]] bool on() const noexcept { return most_ != 0; }

    /// May it have another one?
    [[nodiscard]] bool has_room(const ip_address& who) const;

    /// One more, whether there is room or not. Null: it is not counted, as somebody who comes when
    /// there is no memory for an entry. (Somebody serves it already, and with it many others.)
    [[nodiscard]] entry* enter(const ip_address& who) noexcept;

    /// Null is nobody.
    void leave(entry* of) noexcept;

    /// Connections of that client.
    [[nodiscard]] std::size_t connections_of(const ip_address& who) const;

    /// Clients with an entry.
    [[nodiscard]] std::size_t clients() const noexcept { return entries_.size(); }

    /// Whose address that is, as it is counted; none (ip_address{}) if it is not.
    [[nodiscard]] ip_address counted(const ip_address& who) const noexcept;

    /// For tables of such addresses.
    struct hash {
        hash_secret by;  // whoever chooses addresses must not choose buckets
        [[nodiscard]] std::size_t operator()(const ip_address& who) const noexcept;
    };

private:
    [[nodiscard]] bool counts(const ip_address& who) const noexcept;

    std::size_t most_;
    std::vector<net_range> uncounted_;
    std::unordered_map<ip_address, std::uint32_t, hash> entries_;
};

}  // namespace cohort::http
