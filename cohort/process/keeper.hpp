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

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace cohort::process {

/// A newborn twin, on its way into its life. It holds the seat and has swept the table.
struct twin_birth {
    unique_fd channel;           ///< Its end of a fresh socket pair (SOCK_STREAM) to the primary.
    bool successor = false;      ///< Somebody held the seat before: there may be much to adopt.
    std::vector<int> found;      ///< Descriptors of the dead that were left open: live records, and
                                 ///< connections accepted and not recorded yet.
};

enum class standby_mode : std::uint8_t { off, on };

/// How a keeper keeps. A value that is moved.
struct keeping {
    std::string title;          ///< of the keeper, for ps
    std::string twin_title;     ///< of a worker
    std::string standby_title;  ///< of one that waits
    board::journal* journal = nullptr;  ///< mapped already; outlives everything
    std::vector<int> keep;      ///< descriptors that twins need (board, inbox, journal, …)
    std::optional<credentials> user;
    parent_death twin_orphan = parent_death::kill();  ///< what a twin gets when its keeper dies
    standby_mode standby = standby_mode::on;
    std::move_only_function<void(twin_birth) noexcept> life;  ///< a twin's; _exit(0) follows
};

/// A keeper that was just started, and the line to it. A resource.
struct kept_pair {
    child keeper;
    unique_fd line;  ///< SOCK_SEQPACKET: keeper_note comes out, keeper_order goes in
};

/// Forks the keeper, which clones the first twin at once.
/// Errors: those of clone(); EMFILE.
[[nodiscard]] result<kept_pair> start_keeper(fork_permit permit, keeping how);

/// What a keeper tells.
struct keeper_note {
    enum class kind : std::uint32_t {
        born,     ///< A twin exists (it may be a standby). Descriptors: channel (ours), pidfd.
        ended,    ///< A twin is dead and reaped.
        waiting,  ///< The seat is empty: it died too early to be replaced without an order.
        shortage, ///< clone(2) failed; tried again with growing pauses.
    };
    kind what;
    std::int32_t pid;
    std::int32_t code;    ///< ended: si_code (CLD_EXITED, CLD_KILLED, CLD_DUMPED)
    std::int32_t status;  ///< ended: si_status; shortage: errno
    std::uint32_t succeeded;  ///< ended: 1 if a successor is on its way without an order
};

/// What it is told.
enum class keeper_order : std::uint32_t {
    spawn,     ///< Clone a twin if there is none.
    hold,      ///< Clone nothing more, and end the standby. The worker is about to leave for good.
};

/// A note with its descriptors. A resource.
struct received_note {
    keeper_note note;
    unique_fd channel;
    unique_fd pidfd;
};

/// The primary's side of the line; non-blocking. Nothing: none waits.
/// Errors: errc::channel_closed, the keeper is dead.
[[nodiscard]] result<std::optional<received_note>> take_note(int line);
[[nodiscard]] result<> give_order(int line, keeper_order what);

}  // namespace cohort::process
