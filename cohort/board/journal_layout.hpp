#pragma once
// What a journal looks like in memory. Any change here raises `journal_layout_number`.
//
//     header | records, by descriptor number | lines of the log | arena, in blocks of 16 KiB
//
// Fresh memory is all zeros, and means: no connection, nobody, nothing.

#include <cohort/board/committed.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cohort::board {

/// Raised by any change to what follows; a journal with another number is refused.
inline constexpr std::uint32_t journal_layout_number = 5;

/// "COHORT_J", read as a little-endian number.
inline constexpr std::uint64_t journal_magic = 0x4a5f'5452'4f48'4f43ULL;

/// Where a connection stands, for whoever takes it over.
enum class standing : std::uint8_t {
    free,       ///< No connection under this number.
    idle,       ///< Between requests, or within the bytes of one that is not complete.
    running,    ///< A handler has the request at hand.
    streaming,  ///< The answer's head is composed, its body is being produced.
    passing,    ///< On its way to another slot, by ticket.
    closing,    ///< Everything is answered: send the rest, and close.
    foreign,    ///< Of somebody who records nothing: not to be gone on with.
};

/// A run of blocks of the arena. A value; `blocks` 0: none.
struct extent {
    std::uint32_t first = 0;
    std::uint32_t blocks = 0;
    friend bool operator==(const extent&, const extent&) = default;
};

/// Facts about the request at hand, or'ed.
enum class mark : std::uint8_t {
    replayable = 1,      ///< May run again: its method, its route or its key says so.
    incomplete = 2,      ///< Bytes of it are not in the input any more: cannot run again.
    private_answer = 4,  ///< Bytes of its answer are not in the output: cannot be continued.
    last = 8,            ///< The connection closes once `composed` is given.
    client_ended = 16,   ///< The client closed its side.
    continue_said = 32,  ///< "100 Continue" is among what was composed.
    coroutine = 64,      ///< A coroutine has it: between its steps no running[] word names it.
    until_close = 128,   ///< Only the connection's end ends its answer: a cut must be a reset.
};

/// How the body of a streamed answer is framed, if a successor may go on with it.
enum class stream_framing : std::uint8_t {
    none,  ///< It may not.
    chunked,
    length,
    until_close,
};

/// What a resumable answer's head said, in two bytes. A value.
class stream_head {
public:
    constexpr stream_head() noexcept = default;
    constexpr stream_head(std::uint16_t status, stream_framing how) noexcept
        : bits_{static_cast<std::uint16_t>((status & 0xfffU) | static_cast<unsigned>(how) << 12)}
    {}
    [[nodiscard]] constexpr std::uint16_t status() const noexcept { return bits_ & 0xfffU; }
    [[nodiscard]] constexpr stream_framing framing() const noexcept
    {
        return static_cast<stream_framing>(bits_ >> 12);
    }

private:
    std::uint16_t bits_ = 0;
};

/// What changes as one.
struct connection_state {
    std::uint64_t base = 0;    ///< Position of the input's first byte.
    std::uint64_t parsed = 0;  ///< Everything before is answered: the request at hand begins here.
    std::uint64_t out_base = 0;  ///< Position of the output's first byte.
    std::uint64_t composed = 0;  ///< Behind the last byte of the answers composed so far.
    std::uint64_t answer = 0;    ///< Where the answer at hand begins: streaming, or private_answer.
                                 ///< Of a resumable one: where its body begins.
    std::uint64_t body = 0;      ///< Resumable and chunked: bytes of the body that are composed,
                                 ///< without their framing. With a length: bytes of it in all.
    extent input;                ///< Holds [base, taken).
    extent output;               ///< Holds [out_base, composed).
    std::uint32_t requests = 0;  ///< Answered on this connection.
    std::uint32_t ticket = 0;    ///< While passing.
    std::uint8_t attempt = 0;    ///< Runs begun of the request at hand; 255: or more.
    std::uint8_t crashes = 0;    ///< Of these, ended by a crash in the thread that ran it.
    std::uint8_t kills = 0;      ///< Of these, ended by the death of the worker for other reasons.
    std::uint8_t outside = 0;    ///< And by somebody outside who killed it.
    standing now = standing::free;
    std::uint8_t marks = 0;  ///< Of mark.
    stream_head head;        ///< Of a streamed answer that is resumable.

    [[nodiscard]] constexpr bool has(mark m) const noexcept
    {
        return (marks & static_cast<std::uint8_t>(m)) != 0;
    }
    /// A streamed answer of which every byte that may have been sent is counted in `composed`, and
    /// what was not sent is in the output: its body can be continued.
    [[nodiscard]] constexpr bool resumable() const noexcept
    {
        return now == standing::streaming && head.framing() != stream_framing::none &&
               !has(mark::private_answer);
    }
    /// Resumable: bytes of the body that are composed.
    [[nodiscard]] constexpr std::uint64_t body_composed() const noexcept
    {
        return head.framing() == stream_framing::chunked ? body : composed - answer;
    }
    constexpr void set(mark m) noexcept { marks |= static_cast<std::uint8_t>(m); }
    constexpr void unset(mark m) noexcept
    {
        marks &= static_cast<std::uint8_t>(~static_cast<unsigned>(m));
    }
};
static_assert(std::is_trivially_copyable_v<connection_state>);
static_assert(sizeof(connection_state) == 80, "no padding: it is compared as bytes");

/// One connection's record. The record's number is the descriptor's.
struct alignas(64) connection_record {
    std::atomic<std::uint64_t> taken;  ///< Bytes read from the socket, noted after each recv.
    std::atomic<std::uint64_t> given;  ///< Bytes given to the socket, noted after each send.
    committed<connection_state> held;

    [[nodiscard]] const connection_state& state() const noexcept { return held.value(); }
    /// Makes `next` the state, as one step.
    void commit(const connection_state& next) noexcept { held.commit(next); }
};
static_assert(sizeof(connection_record) <= 192,
              "an idle connection costs at most 512 bytes in all");

/// Threads whose work is noted: the loop is 0, lanes follow.
inline constexpr std::size_t threads_max = 257;

/// What a crash handler leaves behind. Plain words, written by a signal handler.
struct crash_note {
    std::atomic<std::uint32_t> pid;      ///< Of who crashed; 0: nobody has since it was read.
    std::atomic<std::uint32_t> signal;   ///< 0 with a pid: it called exit().
    std::atomic<std::uint32_t> thread;   ///< Index into running.
    std::atomic<std::uint32_t> running;  ///< running[thread] at that moment.
    std::atomic<std::uint64_t> address;  ///< si_addr
    std::atomic<std::uint32_t> struck;   ///< 1: the quarantine has counted it already.
    std::atomic<std::uint32_t> reaped;   ///< By the keeper: how somebody ended; see reaping.hpp.
};

/// The first page(s) of a journal.
struct journal_header {
    std::uint64_t magic;
    std::uint64_t size;
    std::uint32_t layout;
    std::uint32_t records;
    std::uint32_t blocks;
    std::uint32_t slot;
    alignas(64) std::array<std::byte, 64> seat;  ///< process::seat_lock lives here.
    std::atomic<std::uint32_t> next_id;   ///< The id the primary gave the next tenant; 0: draw one.
    std::atomic<std::uint32_t> tenant;    ///< pid of who holds the seat.
    std::atomic<std::uint32_t> ready;     ///< 1: the tenant serves. Cleared by who takes the seat.
    std::atomic<std::uint32_t> tenures;   ///< How often the seat was taken.
    std::atomic<std::uint64_t> since_ns;  ///< CLOCK_MONOTONIC when the tenant took the seat.
    crash_note crash;
    /// pid of whose words `running` are: a newborn's only once it has taken stock of what the dead
    /// one left. Before that they are the dead one's, and nothing that happens is their fault.
    std::atomic<std::uint32_t> speaker;
    /// 1: besides the server that records its connections there is another, whose connections are
    /// marked `foreign` once they are accepted. One without a record may be either's.
    std::atomic<std::uint32_t> strangers;
    /// How many processes the kernel had killed for memory, on the whole machine, when the tenant
    /// took the seat, plus 1; 0: it does not tell.
    std::atomic<std::uint64_t> memory_kills;
    /// The same of the speaker. Is it still so at the next one's time, then a death that left no
    /// words was not for memory.
    std::atomic<std::uint64_t> memory_kills_before;
    /// Descriptor number + 1 of the connection whose request this thread runs; 0: none.
    alignas(64) std::array<std::atomic<std::uint32_t>, threads_max> running;
    /// Descriptors that were open before the first twin, ascending; the rest is the dead one's.
    std::atomic<std::uint32_t> pristine_count;
    std::array<std::int32_t, 1024> pristine;
    // Totals over all tenures, for the board: replays, adoptions, ...
    std::atomic<std::uint64_t> adopted_total;
    std::atomic<std::uint64_t> replayed_total;
    std::atomic<std::uint64_t> apologies_total;  ///< 500s because of a death.
    std::atomic<std::uint64_t> dropped_total;    ///< Closed because their record made no sense.
    std::atomic<std::uint64_t> corrected_total;  ///< Notes that the kernel corrected.
    std::atomic<std::uint64_t> quarantined_total;
    std::atomic<std::uint64_t> resumed_total;  ///< Streamed answers that were gone on with.
    std::atomic<std::uint64_t> cut_total;      ///< Streamed answers that a death cut short.
    std::atomic<std::uint64_t>
        unjournaled_total;  ///< Requests or answers the arena had no room for.
};

}  // namespace cohort::board
