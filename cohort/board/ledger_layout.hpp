#pragma once
// What a ledger looks like in memory: the state of a primary, for the one that follows it.
//
//     head | a record for each seat | for each endpoint | for each generation
//          | one for an upgrade | a word for each descriptor
//
// Fresh memory is all zeros, and means: nothing. Descriptors are therefore kept as number + 1.

#include <cohort/board/committed.hpp>
#include <cohort/board/layout.hpp>

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace cohort::board {

/// Raised by any change to what follows: a program that an upgrade would start is refused then.
inline constexpr std::uint32_t ledger_layout_number = 8;

inline constexpr std::size_t ledger_endpoints_max = 256;
inline constexpr int ledger_descriptors_max = 65'536;
inline constexpr std::size_t ledger_pristine_max = 1024;

/// A descriptor's number in the table that root and primaries share. A value; zeros: none.
struct held_number {
    std::int32_t plus_one = 0;

    [[nodiscard]] static constexpr held_number of(int fd) noexcept { return {fd + 1}; }
    [[nodiscard]] constexpr bool any() const noexcept { return plus_one > 0; }
    [[nodiscard]] constexpr int number() const noexcept { return plus_one - 1; }
};

/// A text that fits, or none. A value.
template <std::size_t Room>
struct short_text {
    std::uint16_t size = 0;
    std::array<char, Room> bytes{};

    /// False: it does not fit, and nothing was changed.
    [[nodiscard]] bool set(std::string_view text) noexcept
    {
        if (text.size() > Room)
            return false;
        std::ranges::copy(text, bytes.begin());
        size = static_cast<std::uint16_t>(text.size());
        return true;
    }
    [[nodiscard]] std::string_view view() const noexcept
    {
        return {bytes.data(), std::min<std::size_t>(size, Room)};
    }
};

/// What a slot remembers of its deaths. A value.
struct ledger_deaths {
    static constexpr std::size_t early_max = 16;
    std::array<std::int64_t, early_max> early_ns{};
    std::uint32_t early_count = 0;
    std::uint32_t streak = 0;
    double patience = 0;
    std::int64_t patience_at_ns = 0;
    std::int64_t pause_ns = 0;  ///< the next one
};

/// How a slot's last worker ended, and how many have. A value.
struct ledger_ends {
    std::uint64_t total = 0;  ///< 0: nobody has, and the rest means nothing
    std::uint32_t worker_id = 0;
    std::int32_t worker = 0;  ///< its pid
    std::int32_t code = 0;
    std::int32_t signal = 0;  ///< 0: it left by itself
    bool dumped = false;
    bool for_memory = false;
    bool unknown = false;  ///< somebody else took the answer
    bool asked_to_leave = false;
    std::uint8_t cause = 0;    ///< the primary's number for it
    std::int64_t wall_ns = 0;  ///< when
    std::int64_t lived_ns = 0;
    std::int64_t served_ns = 0;
    short_text<160> last_words;
    short_text<200> cause_words;
};

/// What is held of a program that need not know us. A value.
struct ledger_program {
    bool here = false;         ///< one sits there, and has not turned out to know us
    bool has_sockets = false;  ///< of ours
    bool pinged = false;
    std::uint32_t user = 0;
    held_number out;  ///< our ends of its pipes
    held_number err;
    held_number ear;                ///< behind its NOTIFY_SOCKET
    std::uint64_t ends_before = 0;  ///< see process::child::of_root()
};

/// One slot. A value.
struct ledger_seat {
    bool used = false;  ///< its inbox and hotline exist
    bool occupied = false;
    std::uint8_t stage = 0;  ///< of primary::stage, if occupied
    bool replaced_when_dead = false;
    bool keeper_ends = false;  ///< it was told to clone nothing more
    bool online = false;
    bool leaving = false;
    bool said_leaving = false;
    bool stopped = false;  ///< nobody sits here: the last one left on purpose, for good
    std::uint32_t generation = 0;
    held_number inbox_give;
    held_number inbox_take;
    held_number hotline_give;
    held_number hotline_take;
    held_number journal;
    std::int32_t keeper = 0;  ///< its pid; 0: none
    held_number keeper_pidfd;
    held_number line;
    std::int32_t worker = 0;  ///< its pid; 0: nobody sits here
    held_number worker_pidfd;
    std::uint32_t worker_id = 0;
    std::int64_t born_ns = 0;
    std::int64_t online_ns = 0;
    std::int64_t listening_ns = 0;  ///< 0: it does not
    std::int64_t deadline_ns = 0;   ///< of the stage; 0: none
    ledger_deaths deaths;
    ledger_ends ends;
    ledger_program program;
};

/// One socket that workers share. A value.
struct ledger_endpoint {
    std::uint32_t number = 0;  ///< 0: none
    std::uint32_t index = 0;
    short_text<270> asked;
    short_text<270> real;
    std::int32_t backlog = 0;
    std::uint32_t unix_mode_plus_one = 0;  ///< 0: none was asked for
    bool v6_only = false;
    bool reuse_port = false;
    held_number socket;
    std::array<held_number, slots_max> queues{};  ///< by slot, with reuse_port
};

/// One generation that workers live by, or could again. A value.
struct ledger_generation {
    std::uint32_t number = 0;  ///< 0: none
    held_number binary;        ///< the file that runs; none: the primary's own, or a script
    held_number settings;      ///< a memfd with their text; none: the program's own
};

/// Which of them.
enum class ledger_role : std::uint8_t { current, previous };
inline constexpr std::size_t ledger_roles = 2;

/// How far an upgrade of the primary has come.
enum class upgrade_stage : std::uint8_t {
    none,
    begun,    ///< the primary that asked for it leaves
    arrived,  ///< the new program runs
    failed,   ///< it does not, and the old one goes on: `reason`
};

/// An upgrade that is under way, for whoever says in the end how it went. A value.
struct ledger_upgrade {
    upgrade_stage stage = upgrade_stage::none;
    held_number binary;  ///< the program to come; none: by its path
    held_number before;  ///< the one that ran until then, to go back to
    held_number asker;   ///< the connection of who waits for the verdict
    std::int64_t began_ns = 0;
    short_text<32> from_version;
    short_text<400> reason;
};

static_assert(std::is_trivially_copyable_v<ledger_upgrade>);
static_assert(std::is_trivially_copyable_v<ledger_generation>);
static_assert(std::is_trivially_copyable_v<ledger_seat>);
static_assert(std::is_trivially_copyable_v<ledger_endpoint>);

/// Where the whole cohort stands.
enum class reign_stage : std::uint32_t { serving, grace, stopping, killing };

/// What changes word by word.
struct alignas(64) ledger_head {
    std::uint64_t magic;
    std::uint64_t size;
    std::uint32_t layout;
    std::uint32_t reserved;
    std::atomic<std::uint32_t> reigns;  ///< primaries that began
    std::atomic<std::uint32_t> stage;   ///< of reign_stage
    std::atomic<std::int32_t> outcome;  ///< what a primary that stops will end with
    std::atomic<std::uint32_t> wanted;  ///< workers
    /// What somebody said of their number: lowest << 16 | highest; 0: nothing since the settings.
    std::atomic<std::uint32_t> number;
    std::atomic<std::uint32_t> started;  ///< 1: the first workers were all begun
    std::atomic<std::uint32_t> last_endpoint;
    std::atomic<std::int64_t> stage_ends_ns;  ///< of grace and stopping
    std::atomic<std::uint32_t> pristine_count;
    std::array<std::int32_t, ledger_pristine_max> pristine;  ///< open before any primary
};

/// An accepted connection in the primary's hands.
enum class parcel_stage : std::uint8_t {
    none,     ///< not ours, or not noted yet
    waiting,  ///< for a worker
    dealt,    ///< its ticket says whose it is
    done,     ///< a worker has it: to be closed
};

/// Its word. A value of 64 bits.
struct parcel_note {
    parcel_stage stage = parcel_stage::none;
    std::uint16_t endpoint = 0;  ///< by number (low bits)
    std::uint32_t ticket = 0;

    [[nodiscard]] constexpr std::uint64_t word() const noexcept
    {
        return std::uint64_t{ticket} << 32 | std::uint64_t{endpoint} << 8 |
               static_cast<std::uint8_t>(stage);
    }
    [[nodiscard]] static constexpr parcel_note of(std::uint64_t word) noexcept
    {
        const auto low = static_cast<std::uint8_t>(word);
        if (low > static_cast<std::uint8_t>(parcel_stage::done))
            return {};
        return {.stage = static_cast<parcel_stage>(low),
                .endpoint = static_cast<std::uint16_t>(word >> 8),
                .ticket = static_cast<std::uint32_t>(word >> 32)};
    }
    friend bool operator==(const parcel_note&, const parcel_note&) = default;
};

}  // namespace cohort::board
