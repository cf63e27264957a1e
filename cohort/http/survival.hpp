#pragma once
// What a server needs so that its connections outlive its process, and what it tells of that.

#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/http/method.hpp>
#include <cohort/net/adoption.hpp>

#include <cstdint>
#include <functional>
#include <string_view>

namespace cohort::board {
class journal;
class quarantine;
}  // namespace cohort::board

namespace cohort::http {

class request;

/// How much of a connection's stream was taken and given, and how many requests were answered on
/// it: what travels with a connection that another server goes on with. A value.
struct positions {
    std::uint64_t taken = 0;
    std::uint64_t given = 0;
    std::uint32_t requests = 0;
};

/// Takes a connection over at the boundary of two requests, with nothing in our buffers. True: it
/// is gone, the descriptor was closed and its journal record freed. False: it stays here.
///
/// With a journal, `passing` and the ticket are committed to the descriptor's record before
/// anything is sent; after a `false` the server writes its own state over it.
using handover = std::move_only_function<bool(unique_fd& connection, const positions& at) noexcept>;

/// Whether a connection found with this ticket in the standing `passing` is ours (again).
using passing_fate = std::move_only_function<bool(std::uint32_t ticket) noexcept>;

/// What became of one connection of the dead. Views are valid during the call only.
struct adoption_entry {
    int descriptor;
    net::then what;
    std::string_view why;  ///< A rule of net/adoption.hpp: "adopt.replay".
    net::blame fault;
    std::uint8_t crashes;
    std::uint8_t kills;
    std::uint8_t outside;
    std::uint16_t attempt;  ///< Runs begun of the request at hand.
    bool corrected;
};

/// A request that is not run, because requests like it ended workers. Answered 500, or 503 if it is
/// on_trial.
struct poison_entry {
    method verb;
    std::string_view target;
    std::string_view route;
    std::uint64_t fingerprint;
    enum class reason : std::uint8_t {
        outcome_unknown,  ///< It was running when its worker died, and must not run twice.
        killed_often,     ///< It was running at too many deaths, none of them of a crash.
        poison,           ///< It crashed too many.
        quarantined,      ///< One like it was.
        cut,              ///< Its streamed answer is not continued, for one of these reasons or
                          ///< because its route does not say how.
        on_trial,         ///< One like it was, and somebody else has been running one for too long.
    } why;
    const request* of;  ///< Its attempt() is more than 1 if a run of it has died.
};

/// The part of server_options that concerns the death of this process. A value that is moved.
struct survival {
    /// Connections are recorded here. Null: they die with the process, and cost nothing more.
    /// One server a journal. It outlives the server.
    board::journal* journal = nullptr;

    /// Without a journal, of a worker that has one: its connections are marked there as nobody's to
    /// adopt. May be null; it outlives the server.
    board::journal* strangers_in = nullptr;

    /// Fingerprints of requests that end workers; shared by the whole cohort. May be null.
    board::quarantine* quarantine = nullptr;

    /// How long a fingerprint stays in it.
    seconds poison_for{60};

    /// How long a request waits that is like one which has crashed a worker, while another worker
    /// runs one (survival.md, Poison). Then it is answered 503.
    milliseconds trial_patience{3000};

    net::adoption_limits limits{};

    /// Called for each connection that was found, if set.
    std::move_only_function<void(const adoption_entry&) noexcept> on_adopted{};

    /// Called for each request that is answered 500 (or cut) instead of being run, if set.
    std::move_only_function<void(const poison_entry&) noexcept> on_poison{};
};

}  // namespace cohort::http
