#pragma once
// A keeper waits for its worker to die, and clones the next one, which finds every descriptor where
// it was: the two share one descriptor table. It is a copy of the prepared application that never
// runs any of it: one thread, no allocation, no lock, no exception after its start.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/process/child.hpp>
#include <cohort/process/child_side.hpp>
#include <cohort/process/permit.hpp>
#include <cohort/process/sandbox.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::process {

/// A newborn twin, on its way into its life. It holds the seat and has swept the table.
struct twin_birth {
    unique_fd channel;       ///< Its end of a fresh socket pair (SOCK_STREAM) to the primary.
    unique_fd keeper;        ///< A pidfd: readable once the keeper is dead. Leave then.
    bool successor = false;  ///< Somebody held the seat before: there may be much to adopt.
    bool last = false;       ///< Nobody will follow: it is here to give away what the dead left.
    std::vector<int> found;  ///< Descriptors of the dead that were left open: live records, and
                             ///< connections accepted and not recorded yet. Nobody owns them yet.
};

enum class standby_mode : std::uint8_t { off, on };

/// How a keeper keeps. A value that is moved.
struct keeping {
    std::string title;                  ///< of the keeper, for ps
    std::string twin_title;             ///< of a worker
    std::string standby_title;          ///< of one that waits
    board::journal* journal = nullptr;  ///< mapped already; outlives everything
    std::vector<int> keep;  ///< descriptors that twins need (board, inbox, …; the journal is)
    std::optional<credentials> user;  ///< of the keeper, and so of its twins
    /// Of its twins; of it the keeper itself only has no capabilities, for it must clone.
    std::shared_ptr<const sandbox> box;
    parent_death orphan = parent_death::ignored();    ///< what the keeper gets when its parent dies
    parent_death twin_orphan = parent_death::kill();  ///< what a worker gets when its keeper dies
    /// What twins have to leave in when the line has ended, before the keeper kills them. Also what
    /// a core may take to be dumped once nobody is to follow.
    std::chrono::milliseconds last_grace{30'000};
    standby_mode standby = standby_mode::on;
    std::move_only_function<void(twin_birth) noexcept> life;  ///< a twin's; _exit(0) follows
};

/// A keeper that was just started, and the line to it. A resource.
struct kept_pair {
    child keeper;
    unique_fd line;  ///< SOCK_SEQPACKET: keeper_note comes out, keeper_order goes in
};

/// Forks the keeper, which clones the first twin at once. The keeper ends when the line has ended,
/// or was told to hold, and its last twin is gone; the table and all that is open in it go with it.
///
/// A twin that dies is replaced without asking if it was ready and either ran a request, or was
/// killed (KILL, TERM, or a crash signal from outside), or had its seat for a second; and once more
/// after that. The next one waits for an order. A standby is cloned when the worker is ready; after
/// a death that was none of these, when it has also had its seat for a second.
///
/// Errors: those of clone(); EMFILE; errc::bad_value, no journal or no life.
[[nodiscard]] result<kept_pair> start_keeper(fork_permit permit, keeping how);

/// In a worker that serves: sets the journal's `ready`, and tells the keeper, which clones the
/// standby now. (Setting the word alone does it, too, a little later.) Does nothing in a process
/// that does not have the seat.
void tell_ready(board::journal_header& journal) noexcept;

/// Wakes the keeper, to look at the journal. Async-signal-safe; nothing without a keeper.
void ring_keeper() noexcept;

/// What a keeper tells. The birth of a standby may be told before the death of the worker that made
/// room for it. Each twin that was told as born is told as ended once; one that died before
/// the line had room for its birth is never mentioned.
struct keeper_note {
    enum class kind : std::uint32_t {
        born = 1,  ///< A twin exists (it may be a standby). Descriptors: channel (ours), pidfd.
        ended,     ///< A twin is dead and reaped.
        waiting,   ///< The seat is empty: it died too early to be replaced without an order.
        shortage,  ///< clone(2) failed; tried again with growing pauses. Or, with a pid: there was
                   ///< no place for another twin, so this one, which dumped its core, was killed.
    };
    kind what;
    std::int32_t pid;               ///< of the twin; shortage: 0, or who had to make room
    std::int32_t code;              ///< ended: si_code (CLD_EXITED, CLD_KILLED, CLD_DUMPED)
    std::int32_t status;            ///< ended: si_status; shortage: errno
    std::uint32_t succeeded;        ///< ended: 1 if somebody has the seat, or will without an order
    std::uint32_t had_seat;         ///< ended: 0 if it died as a standby
    std::uint32_t served_well = 0;  ///< ended: 1 if it was ready, and did not die of its start
};

/// What it is told.
enum class keeper_order : std::uint32_t {
    spawn = 1,  ///< Clone a twin if there is none. Takes a hold back.
    hold,       ///< Clone nothing more, and end the standby. The worker is about to leave for good.
    bequeath,   ///< The same; but if the seat is empty, one last twin is cloned first.
};

/// A note with its descriptors. A resource.
struct received_note {
    keeper_note note;
    unique_fd channel;
    unique_fd pidfd;
};

/// The primary's side of the line; non-blocking. Nothing: none waits. The line is in the table of
/// the twins as well: it ends when they all are dead. For the death of the keeper watch its pidfd.
/// Errors: errc::channel_closed, keeper and twins are dead; errc::malformed (the note is dropped).
[[nodiscard]] result<std::optional<received_note>> take_note(int line);

/// Errors: errc::channel_closed; EAGAIN, the keeper does not read (again later).
[[nodiscard]] result<> give_order(int line, keeper_order what);

}  // namespace cohort::process
