#pragma once
// The journal of one slot: what its worker has read, parsed and answered on every connection, in
// memory that outlives the worker. Mapped by the slot's keeper and its twins only, at one address.
//
// Positions count bytes of a connection's stream from its first byte, as the kernel does. The
// worker may die between any two instructions: `taken` and `given` are notes that the kernel
// corrects (net/kernel_position.hpp); everything else changes by commit(), which is one store.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

namespace cohort::board {

/// Where a connection stands, for whoever takes it over.
enum class standing : std::uint8_t {
    free,       ///< No connection under this number.
    idle,       ///< Between requests, or within the bytes of one that is not complete.
    running,    ///< A handler has the request at hand.
    streaming,  ///< The answer's head is composed, its body is being produced.
    passing,    ///< On its way to another slot, by ticket.
    closing,    ///< Everything is answered: send the rest, and close.
};

/// A run of blocks of the arena. A value; `blocks` 0: none.
struct extent {
    std::uint32_t first = 0;
    std::uint32_t blocks = 0;
    friend bool operator==(const extent&, const extent&) = default;
};

/// Facts about the request at hand, or'ed.
enum class mark : std::uint8_t {
    replayable = 1,       ///< May run again: its method, its route or its key says so.
    incomplete = 2,       ///< Bytes of it are not in the input any more: cannot run again.
    private_answer = 4,   ///< Its answer is not (all) in the output: cannot be continued.
    last = 8,             ///< The connection closes once `composed` is given.
    client_ended = 16,    ///< The client closed its side.
    continue_said = 32,   ///< "100 Continue" is among what was composed.
};

/// What changes as one.
struct connection_state {
    std::uint64_t base = 0;      ///< Position of the input's first byte.
    std::uint64_t parsed = 0;    ///< Everything before is answered: the request at hand begins here.
    std::uint64_t out_base = 0;  ///< Position of the output's first byte.
    std::uint64_t composed = 0;  ///< Behind the last byte of the answers composed so far.
    extent input;                ///< Holds [base, taken).
    extent output;               ///< Holds [out_base, composed).
    std::uint32_t requests = 0;  ///< Answered on this connection.
    std::uint32_t ticket = 0;    ///< While passing.
    std::uint16_t attempt = 0;   ///< Runs begun of the request at hand.
    std::uint8_t crashes = 0;    ///< Of these, ended by a crash in the thread that ran it.
    std::uint8_t kills = 0;      ///< Of these, ended by the death of the worker for other reasons.
    standing now = standing::free;
    std::uint8_t marks = 0;      ///< Of mark.
    std::uint16_t endpoint = 0;  ///< Which listener it came from, by number (low bits).

    [[nodiscard]] bool has(mark m) const noexcept
    {
        return (marks & static_cast<std::uint8_t>(m)) != 0;
    }
    void set(mark m) noexcept { marks |= static_cast<std::uint8_t>(m); }
    void unset(mark m) noexcept
    {
        marks &= static_cast<std::uint8_t>(~static_cast<unsigned>(m));
    }
};
static_assert(std::is_trivially_copyable_v<connection_state>);
static_assert(sizeof(connection_state) <= 72);

/// One connection's record. The record's number is the descriptor's.
struct alignas(64) connection_record {
    std::atomic<std::uint64_t> taken;  ///< Bytes read from the socket, noted after each recv.
    std::atomic<std::uint64_t> given;  ///< Bytes given to the socket, noted after each send.
    std::atomic<std::uint32_t> turn;   ///< Which copy of the state counts: the lowest bit.
    std::uint32_t reserved;
    std::array<connection_state, 2> states;

    [[nodiscard]] const connection_state& state() const noexcept
    {
        return states[turn.load(std::memory_order_acquire) & 1U];
    }
    /// Makes `next` the state, as one step.
    void commit(const connection_state& next) noexcept
    {
        const std::uint32_t now = turn.load(std::memory_order_relaxed);
        states[(now + 1) & 1U] = next;
        turn.store(now + 1, std::memory_order_release);
    }
};
static_assert(sizeof(connection_record) <= 192, "an idle connection costs at most 512 bytes in all");

/// Threads whose work is noted: the loop is 0, lanes follow.
inline constexpr std::size_t threads_max = 257;

/// What a crash handler leaves behind. Plain words, written by a signal handler.
struct crash_note {
    std::atomic<std::uint32_t> pid;      ///< Of who crashed; 0: nobody has since it was read.
    std::atomic<std::uint32_t> signal;   ///< 0 with a pid: it called exit().
    std::atomic<std::uint32_t> thread;   ///< Index into running.
    std::atomic<std::uint32_t> running;  ///< running[thread] at that moment.
    std::atomic<std::uint64_t> address;  ///< si_addr
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
    std::atomic<std::uint64_t> unjournaled_total;  ///< Requests or answers the arena had no room for.
};

/// A resource: the mapping, and this process's view of which blocks are taken.
class journal {
public:
    static constexpr std::size_t block_bytes = 16'384;

    struct plan {
        std::uint32_t records = 65'536;             ///< Descriptor numbers below it have a record.
        std::size_t arena_bytes = std::size_t{256} << 20;  ///< Reserved, not touched.
        std::uint32_t slot = 0;
    };

    /// A new one: a sealed memfd, mapped shared. Errors: errc::bad_value; EMFILE, ENOMEM.
    [[nodiscard]] static result<journal> create(const plan& what);
    /// Maps one by its descriptor. Errors: errc::board_layout_mismatch.
    [[nodiscard]] static result<journal> attach(unique_fd fd);

    journal(journal&&) noexcept;
    journal& operator=(journal&&) noexcept;
    journal(const journal&) = delete;
    journal& operator=(const journal&) = delete;
    ~journal();

    [[nodiscard]] const unique_fd& fd() const noexcept;
    [[nodiscard]] journal_header& header() const noexcept;
    [[nodiscard]] std::uint32_t records() const noexcept;

    /// The record of a descriptor; nullptr for numbers beyond the plan.
    [[nodiscard]] connection_record* record(int descriptor) const noexcept;

    /// A new tenant learns which blocks are taken: those of every record in `live`. Records that
    /// claim what lies outside the arena, or what another one has, are named in the result, and get
    /// nothing.
    [[nodiscard]] std::vector<int> take_stock(std::span<const int> live);

    /// At least `bytes` in a row, or none: no room. Warm ones first.
    [[nodiscard]] extent allocate(std::size_t bytes) noexcept;
    /// Gives it back; memory beyond a warm reserve goes back to the kernel.
    void release(extent what) noexcept;
    [[nodiscard]] char* at(extent what) const noexcept;
    [[nodiscard]] static std::size_t size(extent what) noexcept
    {
        return std::size_t{what.blocks} * block_bytes;
    }
    [[nodiscard]] bool contains(extent what) const noexcept;
    [[nodiscard]] std::size_t blocks_taken() const noexcept;

private:
    struct state;
    explicit journal(std::unique_ptr<state> of) noexcept;
    std::unique_ptr<state> state_;
};

}  // namespace cohort::board
