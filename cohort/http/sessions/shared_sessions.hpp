#pragma once

#include <cohort/http/sessions/session_store.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace cohort::http {

/// What happens to who comes when all places are taken by sessions that have not expired.
enum class no_room : std::uint8_t {
    refuse,           ///< Answered 503. Who is logged in stays so.
    log_another_out,  ///< Takes the place of a session that has been idle for long.
};

/// How many sessions there may be. A value.
struct shared_session_options {
    /// Letters, digits, ".", "_" and "-", at most 64. Stores of one name, `sessions` and `bytes`
    /// are one store, in all workers and after every reload; with other words they are another.
    std::string name = "sessions";

    /// So many have room at least. Of 96 MiB for everything that workers share, each takes 8 to 16
    /// bytes, and of `bytes` what it holds and 56 more, in pieces of 256.
    std::size_t sessions = 16'384;
    std::size_t bytes = std::size_t{16} << 20;

    /// The longest session; up to 64 KiB.
    std::size_t bytes_max = 4'096;

    no_room full = no_room::refuse;
};

/// Sessions that all workers of a cohort share, in memory that outlives workers, primaries and
/// reloads, with no service beside it. A resource; any thread, and nobody waits for anybody.
///
///     api.use(http::sessions(http::shared_sessions::make()));
///
/// A worker may die in the middle of a write: the session is then as it was before, or as it was
/// to be. Of two who change one session, the last one counts; one that was ended stays so.
///
/// If the commons have no room for it, no session is kept (503), and an error is logged, once.
class shared_sessions : public session_store {
public:
    /// Throws cohort::failure (errc::bad_value) for options out of bounds.
    [[nodiscard]] static std::shared_ptr<shared_sessions> make(shared_session_options how = {});

    /// Of the whole cohort, since the store began. A value.
    struct totals {
        std::uint64_t expired = 0;     ///< removed after their time
        std::uint64_t logged_out = 0;  ///< before it: no_room::log_another_out
        std::uint64_t refused = 0;     ///< writes that found no room
        std::uint64_t recovered = 0;   ///< pieces of memory that dead workers had
        std::uint64_t damaged = 0;     ///< lost, since a worker went on after it seemed dead
    };
    [[nodiscard]] virtual totals total() = 0;

    /// Sessions that are there, expired ones included. Looks at all of them: for metrics.
    [[nodiscard]] virtual std::size_t size() = 0;
};

}  // namespace cohort::http
