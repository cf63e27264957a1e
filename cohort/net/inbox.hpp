#pragma once
// Accepted connections on their way to a slot.
//
// A connection in an inbox belongs to the slot, not to the process that happens to serve it: the
// primary made the pair and keeps both ends, so what a dying worker did not take waits for its
// successor. Nothing is lost, nothing hangs.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <cstdint>
#include <optional>

namespace cohort::net {

/// What travels beside the connection. A value.
struct handover {
    std::uint32_t endpoint = 0;   ///< Which listener accepted it, by the number it is known by.
    std::uint32_t from_slot = 0;  ///< Who accepted it; `from_primary` if no worker did.
    std::uint64_t sequence = 0;   ///< The sender's count, to confirm it by.

    /// A connection that was served already: what was taken from it and given to it. Of a fresh
    /// one all are 0.
    std::uint64_t taken = 0;
    std::uint64_t given = 0;
    std::uint32_t requests = 0;

    /// board::ticket: of all copies of this descriptor, who wins it has the connection. 0: there is
    /// one copy, or its owner waits for a confirmation.
    std::uint32_t ticket = 0;

    enum class kind : std::uint32_t { fresh, moved };
    kind what = kind::fresh;
    std::uint32_t reserved = 0;

    static constexpr std::uint32_t from_primary = 0xffff'ffff;

    friend bool operator==(const handover&, const handover&) = default;
};

/// A connection taken out of an inbox. A resource.
struct arrival {
    handover about;
    unique_fd connection;
};

/// Both ends of one slot's inbox. A resource.
struct inbox_pair {
    unique_fd give;  ///< For everyone who hands connections to the slot.
    unique_fd take;  ///< For the slot's worker; readable when a connection waits.
};

/// A new inbox: a pair of non-blocking SOCK_SEQPACKET sockets. Errors: EMFILE (again later).
[[nodiscard]] result<inbox_pair> make_inbox();

/// Hands `connection` to the slot behind `give`.
///
/// @param connection  Closed here once the kernel has it; still the caller's on any error.
///
/// Errors:       errc::queue_full, the slot has a few hundred connections waiting already, or too
///               many descriptors are in flight (keep it or ask another slot);
///               errc::channel_closed, the taking end is gone in every process.
/// Order:        one sender's connections arrive in the order of its calls.
[[nodiscard]] result<> give(int give_end, unique_fd& connection, const handover& about);

/// The next connection, or nothing when none waits. Never blocks.
///
/// The message is looked at before it is taken off the queue: when this process has no descriptor
/// to spare, or dies in between, the connection is still there.
///
/// Errors:       EMFILE, there are fewer than two descriptors to spare: the connection stays in the
///               inbox (again later; unwatch the descriptor for a few milliseconds, it stays
///               readable); errc::malformed, something that is no
///               handover was there and has been dropped (go on).
/// Loop:         any; two processes that take at the same time share what is there.
[[nodiscard]] result<std::optional<arrival>> take(int take_end);

}  // namespace cohort::net
