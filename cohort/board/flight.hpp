#pragma once
// The flight recorder: what each worker did last, in memory that outlives it. Events are written
// wherever they happen, for some 10 ns on the event loop's thread and 20 on any other; who wants to
// know why a worker died reads them.

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/flight_layout.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::board {

/// What happened. Their numbers are in shared memory: add at the end.
enum class flight_kind : std::uint8_t {
    none,
    begun,     ///< A request. text: method and path; subject: its connection.
    answered,  ///< text: the route; number: the status; took: since it began.
    cut,       ///< The same, but its answer did not get to its end. number 0: nor its head.
    stage,     ///< text: what the worker does from now on.
    signal,    ///< number: which one came; subject: the pid of who sent it; text: that one's name.
    adopted,   ///< subject: so many connections of a dead one go on here.
    handed,    ///< subject: so many connections went on in slot `number`; text: "", "successor".
    note,      ///< text: of the program.
    taken,     ///< subject: so many came from slot `number`, where they were served before.
};
inline constexpr flight_kind flight_kind_last = flight_kind::taken;

/// In the subject of a request: it came on no descriptor of its own (a stream of HTTP/2).
inline constexpr std::uint32_t flight_no_descriptor = 1U << 31;

/// For `when_ns` of events.
[[nodiscard]] inline std::uint64_t flight_time(steady_time of) noexcept
{
    return static_cast<std::uint64_t>(of.time_since_epoch().count());
}

/// One event, to be written; `text` beyond flight_text_max is cut off. A value.
struct flight_event {
    flight_kind kind = flight_kind::none;
    std::uint16_t number = 0;
    std::uint32_t subject = 0;
    std::chrono::nanoseconds took{0};
    std::string_view text;
    /// CLOCK_MONOTONIC, for who has looked anyway. 0: a coarse clock is looked at, which costs as
    /// much as all the rest.
    std::uint64_t when_ns = 0;
};

/// One event as it was read: in range, and printable. A value.
struct flight_moment {
    flight_kind kind = flight_kind::none;
    std::uint64_t when_ns = 0;  ///< CLOCK_MONOTONIC; may be a few milliseconds behind
    std::uint16_t number = 0;
    std::uint32_t subject = 0;
    std::chrono::nanoseconds took{0};
    std::string text;
};

/// What a worker left. A value.
struct flight_reading {
    std::uint32_t worker = 0;
    std::uint32_t process = 0;
    std::uint64_t since_ns = 0;         ///< when it began to write
    std::vector<flight_moment> events;  ///< the oldest first
    std::vector<std::string> lines;     ///< of its log, likewise; what is longer ends with "…"
    std::uint64_t total = 0;            ///< events, with those that are not here any more
    std::uint64_t lost = 0;
};

/// Who writes. A value.
struct flight_owner {
    std::uint32_t slot = 0;
    std::uint32_t worker = 0;  ///< its id; never 0
    std::uint32_t process = 0;
};

/// Readers and owners of all pages of a cohort. A view; a value. Lifetime: of the commons.
class flight_recorder {
public:
    /// Errors: those of commons::area().
    [[nodiscard]] static result<flight_recorder> open(const commons& in);

    /// A page for this worker, empty: the oldest of its slot. Errors: errc::bad_value, no such slot
    /// or worker; errc::queue_full, others take all pages of it right now.
    [[nodiscard]] result<flight_page*> page_for(const flight_owner& who) const;

    /// What that worker left, or has so far. Nothing: others have written over it. Never waits.
    [[nodiscard]] std::optional<flight_reading> read(std::uint32_t slot,
                                                     std::uint32_t worker) const;

private:
    explicit flight_recorder(flight_slot* slots) noexcept
        : slots_{slots}
    {}
    flight_slot* slots_;
};

/// Writing, for this process.
namespace flight {

/// From now on what happens is written there. nullptr: nowhere. The calling thread, which is the
/// event loop, has room of its own: it shares no word with others.
/// Order: once the page is ours. Lifetime: of the page, the process's.
void record_on(flight_page* page) noexcept;

[[nodiscard]] bool is_recording() noexcept;

/// Any thread. Does nothing where nobody records.
void note(const flight_event& what) noexcept;

/// One more of what happened last, if that was of the same kind, number and text: then its subject
/// is one more. Else, and on any thread but the loop, an event of its own, with subject 1.
void count(flight_event what) noexcept;

/// A request begins: method, blank, and the path of `target`, that is without what follows a
/// question mark: secrets are there.
void request_begins(std::uint32_t connection, std::string_view method, std::string_view target,
                    std::uint64_t when_ns = 0) noexcept;

/// A line of the log, without its end.
void line(std::string_view text) noexcept;

}  // namespace flight

}  // namespace cohort::board
