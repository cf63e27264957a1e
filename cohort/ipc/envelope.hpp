#pragma once

#include <cohort/base/unique_fd.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cohort::ipc {

/// What an envelope is, beside its kind. Bits 0 to 7 belong to this room; 8 to 15 are free for
/// whoever defines the kinds.
namespace flags {
inline constexpr std::uint16_t request = 1;  ///< The sender waits for an answer (ipc/call).
inline constexpr std::uint16_t answer = 2;   ///< Answers the request with the same correlation.
inline constexpr std::uint16_t refusal = 4;  ///< With `answer`: the request failed; body says why.
inline constexpr std::uint16_t json = 8;  ///< The body is a packed value (ipc/message); else bytes.
inline constexpr std::uint16_t origin = 16;  ///< What it is part of is written behind the body.
/// Those of this room that this build knows. A new one may change what the body means: whoever adds
/// it raises primary::speech_number.
inline constexpr std::uint16_t known = request | answer | refusal | json | origin;
inline constexpr std::uint16_t of_this_room = 0xff;
}  // namespace flags

/// One message on a channel: what it is, who to whom, its bytes and its descriptors. A resource.
///
/// The channel looks at nothing but sizes: a relay changes `to` and sends the envelope on. It has
/// constructors, and is no aggregate, because it travels through co_await (GCC 12 rule).
struct envelope {
    envelope() noexcept = default;
    explicit envelope(std::uint16_t what) noexcept
        : kind{what}
    {}
    envelope(std::uint16_t what, std::string bytes) noexcept
        : kind{what}, body{std::move(bytes)}
    {}
    envelope(std::uint16_t what, std::string bytes, std::vector<unique_fd> descriptors) noexcept
        : kind{what}, body{std::move(bytes)}, cargo{std::move(descriptors)}
    {}

    [[nodiscard]] bool is(std::uint16_t flag) const noexcept { return (flags & flag) != 0; }

    std::uint16_t kind = 0;         ///< Defined by whoever uses the channel.
    std::uint16_t flags = 0;        ///< ipc::flags.
    std::uint32_t from = 0;         ///< A worker's id; 0 is the primary.
    std::uint32_t to = 0;           ///< A worker's id; 0 is the primary.
    std::uint64_t correlation = 0;  ///< Pairs requests and answers; 0: neither.
    std::string body;               ///< 0 to limits.body_bytes_max bytes.
    std::vector<unique_fd> cargo;   ///< 0 to cargo_max descriptors.
    /// Received only: this many descriptors were sent but could not be taken in, because this
    /// process has no room for them (EMFILE). `cargo` is then empty; all else is intact.
    std::uint16_t cargo_lost = 0;
};

/// An empty answer to `request`: same kind and correlation, from and to swapped.
[[nodiscard]] inline envelope answer_to(const envelope& request)
{
    envelope reply{request.kind};
    reply.flags = flags::answer;
    reply.from = request.to;
    reply.to = request.from;
    reply.correlation = request.correlation;
    return reply;
}

}  // namespace cohort::ipc
