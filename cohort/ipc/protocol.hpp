#pragma once
// What a primary and its worker say to each other besides what their program wants to say. This is
// the whole protocol: kinds, bodies, and who sends what when.
//
//     worker                                primary
//       │ hello ─────────────────────────────▶ │  the runtime is up
//       │ ◀───────────────────────────── welcome │  who you are; cargo: board, own inbox. Not to a
//       │                                        │  kept worker: it knew from birth, and said hello
//       │ ◀────────────────────────── neighbours │  cargo: where to give connections away
//       │ listen (request) ──────────────────▶ │
//       │ ◀───────────────────── listen (answer) │  cargo: the socket, unless connections are dealt
//       │ taken / refused ───────────────────▶ │  connections that came through the inbox
//       │ ◀──────────────────────────────── share │  give so many connections to a newcomer
//       │ ◀──────────────────────── readiness_off │  a stop has begun: say so, and serve on
//       │ ◀──────────────────────────────── drain │
//       │ ◀───────────────────────────── log_file │  cargo: where its lines go from now on
//       │ log_file ──────────────────────────▶ │  the same number: they do
//       │ ◀──────────────────────────── log_level │  its name; or a request: which is it?
//       │ log_level (answer) ─────────────────▶ │  its name
//       │ leaving ───────────────────────────▶ │  I drain, by my own will or because I was told
//       │ farewell ──────────────────────────▶ │  the last words; a kept worker waits for an answer
//
// If the primary dies, its successor sends a new channel over the hotline, and all goes on with
// hello again; who was welcomed once is not welcomed again.
//
// `user` envelopes go both ways; the primary relays those whose `to` is another worker and reads
// only their header.

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/ipc/envelope.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::ipc {

enum class kind : std::uint16_t {
    user = 1,
    hello = 16,
    welcome,
    neighbours,
    listen,
    unlisten,
    taken,
    refused,
    stray,
    drain,
    leaving,
    farewell,
    share,
    log_file,
    readiness_off,
    log_level,
};

[[nodiscard]] inline envelope letter(kind what, std::string body = {})
{
    return envelope{static_cast<std::uint16_t>(what), std::move(body)};
}

/// Flags 8 to 15 are the protocol's.
namespace flags {
inline constexpr std::uint16_t broadcast = 256;  ///< For everybody but the sender.
inline constexpr std::uint16_t receipt = 512;    ///< The primary answers once it passed it on.
}  // namespace flags

inline constexpr std::uint32_t protocol_version = 1;

/// worker → primary, first on every channel. A kept worker is not told who it is: it says so. One
/// whose primary was replaced says it again, and that counts: letters to the dead one may be lost.
struct hello {
    std::uint32_t version = protocol_version;
    std::int32_t pid = 0;
    std::uint32_t id = 0;                  ///< 0: it waits for the welcome
    std::uint32_t slot = 0;                ///< with an id
    bool successor = false;                ///< it found its seat as somebody left it
    bool leaving = false;                  ///< it drains, and accepts nothing any more
    std::vector<std::uint32_t> endpoints;  ///< by number: where it listens
};

/// primary → worker, first. Cargo: the board's memfd, the taking ends of the slot's inbox and of
/// its hotline (where a new channel comes from, if the primary is ever replaced).
struct welcome {
    std::uint32_t id = 0;
    std::uint32_t slot = 0;
    std::string app;
    std::string balance;  ///< config's name of the policy
    std::uint32_t lanes = 4;
    std::uint32_t connections_max = 0;  ///< 0: as many as there are descriptors for
    nanoseconds beat{0};
    nanoseconds stop_timeout{0};
    std::vector<std::string> listen;  ///< the endpoints of the settings
    std::string log_level;
};

/// primary → worker. Cargo: the giving ends of these slots' inboxes, in this order.
struct neighbours {
    std::vector<std::uint32_t> slots;
};

/// worker → primary, a request.
struct listen_request {
    std::string where;  ///< an endpoint's text
    std::int32_t backlog = 511;
    bool v6_only = false;
    bool reuse_port = false;
    std::optional<std::uint32_t> unix_mode;
    std::uint32_t index = 0;  ///< this worker's nth listen on this address; counts for port 0
};

/// The answer. Cargo: the socket if the worker accepts by itself (or receives datagrams); nothing
/// if connections come through its inbox.
struct listen_answer {
    std::uint32_t endpoint = 0;  ///< its number from now on
    std::string where;           ///< the real address, after port 0
};

/// worker → primary: it no longer wants connections of this endpoint.
struct unlisten {
    std::uint32_t endpoint = 0;
};

/// worker → primary: `refused`, these connections are yours again, deal them to somebody else.
struct refused {
    std::vector<std::uint64_t> sequences;
    std::string why;
};

/// primary → worker.
struct drain_order {
    nanoseconds budget{0};
    bool last = false;  ///< Nobody serves after you: also take what waits in the accept queue.
};

/// primary → worker: some of the connections that it serves go to another slot, each at the
/// boundary of two requests. What cannot go in time stays.
struct share_order {
    std::uint32_t slot = 0;
    std::uint32_t connections = 0;  ///< at most
    nanoseconds budget{0};
};

/// worker → primary, before its _exit.
struct farewell {
    std::int32_t code = 0;
    std::string reason;  ///< "exception escaped: …"; empty if the code says it all
};

[[nodiscard]] std::string encode(const hello& what);
[[nodiscard]] std::string encode(const welcome& what);
[[nodiscard]] std::string encode(const neighbours& what);
[[nodiscard]] std::string encode(const listen_request& what);
[[nodiscard]] std::string encode(const listen_answer& what);
[[nodiscard]] std::string encode(const unlisten& what);
[[nodiscard]] std::string encode(const refused& what);
[[nodiscard]] std::string encode(const drain_order& what);
[[nodiscard]] std::string encode(const share_order& what);
[[nodiscard]] std::string encode(const farewell& what);
/// `taken` is on the path of every dealt connection: eight bytes each, nothing else.
[[nodiscard]] std::string encode_taken(std::span<const std::uint64_t> sequences);

/// Errors: errc::malformed (give up on this peer).
template <class T>
[[nodiscard]] result<T> decode(std::string_view body) = delete;
template <>
result<hello> decode<hello>(std::string_view body);
template <>
result<welcome> decode<welcome>(std::string_view body);
template <>
result<neighbours> decode<neighbours>(std::string_view body);
template <>
result<listen_request> decode<listen_request>(std::string_view body);
template <>
result<listen_answer> decode<listen_answer>(std::string_view body);
template <>
result<unlisten> decode<unlisten>(std::string_view body);
template <>
result<refused> decode<refused>(std::string_view body);
template <>
result<drain_order> decode<drain_order>(std::string_view body);
template <>
result<share_order> decode<share_order>(std::string_view body);
template <>
result<farewell> decode<farewell>(std::string_view body);
[[nodiscard]] result<std::vector<std::uint64_t>> decode_taken(std::string_view body);

/// A failure as a body, and back: code, category and subject survive, the step becomes `doing`.
[[nodiscard]] std::string encode(const fault& what);
[[nodiscard]] fault decode_fault(std::string_view body, literal doing);

}  // namespace cohort::ipc
