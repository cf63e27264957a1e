#pragma once
// What a successor does with a connection that it found: a pure function of the journal's record
// and the kernel's word. No I/O, no clock; every combination is in the table of its test.
//
//     input    base ........ parsed ................ taken        [parsed, taken): to be served
//     output   out_base .... given ... (answer) .... composed     [given, composed): to be sent
//
// What it relies on, in the order in which the worker does things:
//   1. The input extent is committed, then recv() writes into it behind `taken`, then `taken` is
//      noted. Bytes that go elsewhere (a streamed body, no room) first cost the mark `incomplete`.
//   2. `running` is committed before a handler begins; no byte of its answer is composed then.
//   3. Bytes of an answer are sent only after the commit whose `composed` counts them, or, while it
//      is being produced, after the commit of `streaming`, private_answer and `answer`.
//   4. Idle or closing with private_answer: `composed` is the answer's end, though not all of it
//      is in the output. Streaming: the end of what is in the output.
//   5. Resumable (streaming with a framing, without private_answer): as for a whole answer, bytes
//      are sent only after the commit whose `composed` and `body` count them.
//   6. `taken` and `given` start at 0, before the first commit of a new connection.

#include <cohort/board/journal.hpp>
#include <cohort/net/kernel_position.hpp>

#include <cstdint>
#include <string_view>

namespace cohort::net {

/// Whose fault the death was, as far as this connection's request is concerned.
enum class blame : std::uint8_t {
    none,     ///< It was merely in the same worker, or nothing of it ran.
    outside,  ///< It was running when somebody killed the worker, as far as can be told.
    killed,   ///< It was running when the worker hung, was out of memory, or left.
    crashed,  ///< It was running (or being parsed) in the thread that crashed.
};

/// What is done first: bytes [given, composed) of the verdict are sent. And then:
enum class then : std::uint8_t {
    drop,   ///< Close now, without a word: reset by the client, or a record that makes no sense.
            ///< (What crashed a worker and was reset is apologised for, to nobody: for the strike.)
    close,  ///< Close cleanly once the rest is sent: a cut answer, or its last one.
    serve,  ///< Go on with what is in the input (nothing, a part of a request, or requests).
    apologise,  ///< Answer the request at hand 500, then serve on, unless `last`.
    resume,     ///< Have the body of the answer at hand continued, from `body` on.
};

struct adoption_limits {
    std::uint8_t crashes_max = 2;  ///< Crashes of the thread that ran it, after which it is poison.
    std::uint8_t kills_max = 4;    ///< Other deaths while it ran.
    /// Of these, brought about by somebody outside: not its fault, so that who kills again and
    /// again is not noticed. But a handler that calls _exit() looks the same, and must end.
    std::uint8_t outside_max = 12;
};

struct adoption_input {
    board::connection_state state;
    std::uint64_t taken = 0;        ///< As noted.
    std::uint64_t given = 0;        ///< As noted.
    std::uint64_t input_bytes = 0;  ///< Size of the input extent, 0 if none (or if invalid).
    std::uint64_t output_bytes = 0;
    kernel_position kernel;
    blame fault = blame::none;
};

struct adoption_verdict {
    then what = then::drop;
    std::uint64_t taken = 0;     ///< Corrected.
    std::uint64_t given = 0;     ///< Corrected.
    std::uint64_t composed = 0;  ///< Where the output ends: a streamed answer may be taken back.
    std::uint8_t crashes = 0;    ///< New counts for the state.
    std::uint8_t kills = 0;
    std::uint8_t outside = 0;
    std::uint64_t body = 0;  ///< resume: bytes of the body that are given, or in the output.
    bool run_again = false;  ///< serve: the request at hand had begun, and runs once more.
    bool last = false;       ///< serve, apologise: the next answer says "Connection: close".
                             ///< resume: the answer at hand has said it.
    bool poison = false;     ///< apologise, resume: quarantine its fingerprint; no handler gets it.
    bool strike = false;     ///< It crashed a worker: count that against its fingerprint.
    bool corrected = false;  ///< The kernel knew better than the notes.
    std::string_view why;    ///< A stable rule id for logs and tests: "adopt.idle", "adopt.replay"
};

/// Decides. Never trusts: every field is checked against its range first, and a record that makes
/// no sense costs its connection, nothing more.
///
/// A connection that is `passing` is judged as an idle one: the caller has settled its ticket. One
/// whose record is `free` is new if the kernel says that nothing was taken or given, else dropped.
///
/// One that is `foreign` is closed.
///
/// Where the kernel does not know (Unix streams), an idle connection without buffers stays; a
/// request whose answer cannot have gone out is answered, as the last one, since bytes behind it
/// may be lost; everything else is closed.
[[nodiscard]] adoption_verdict adopt(const adoption_input& in,
                                     const adoption_limits& limits) noexcept;

}  // namespace cohort::net
