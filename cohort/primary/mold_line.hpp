#pragma once
// What a primary and a mold say to each other, over a pair of SOCK_SEQPACKET sockets: one message
// is one packet. The two may be builds of different versions: the first words compare layouts, and
// nothing else is said before they agree.

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::primary {

/// The variable that tells a program that it is to be a mold; read and removed at its start.
inline constexpr const char* mold_variable = "COHORT_MOLD_FD";
/// The number under which it finds its line.
inline constexpr int mold_line_number = 3;
inline constexpr std::size_t mold_text_max = 128 * 1024;
/// Raised by any change to what primary, keepers, workers and molds say to each other (process/
/// keeper, ipc/protocol, ipc/message, this line): who speaks another way is not taken into the same
/// cohort.
inline constexpr std::uint32_t speech_number = 4;

/// A mold's first words. A value.
struct mold_hello {
    bool willing = false;             ///< false: it cannot start; `text` says why
    int code = 0;                     ///< what it would have left with
    std::string text;                 ///< willing: its settings, as config::serialize writes them
    std::uint32_t ledger_layout = 0;  ///< could it go on as the primary?
    std::string version = {};         ///< of the library in it
};

/// A pair that a mold is to make. A resource.
struct mold_order {
    std::uint32_t slot = 0;
    unique_fd board;
    unique_fd inbox;
    unique_fd hotline;
    unique_fd journal;
};

/// What it made. A resource.
struct mold_answer {
    pid_t keeper = 0;  ///< 0: none; `text` says why
    std::string text;
    unique_fd line;
    unique_fd pidfd;
};

/// Both ends, close-on-exec, the first one non-blocking. Errors: EMFILE.
[[nodiscard]] result<std::pair<unique_fd, unique_fd>> make_mold_line();

/// Errors: errc::channel_closed, the peer is gone; errc::too_large; EAGAIN.
[[nodiscard]] result<> say(int line, const mold_hello& what);
[[nodiscard]] result<> say(int line, const mold_order& what);
[[nodiscard]] result<> say(int line, const mold_answer& what);

/// The next message; waits for it up to `budget`, or without end if there is none. A hello from a
/// build with other layouts is one that is not willing, and says so.
/// Errors: errc::channel_closed; errc::malformed; errc::deadline_passed.
[[nodiscard]] result<mold_hello> hear_hello(int line, std::optional<nanoseconds> budget);
[[nodiscard]] result<mold_order> hear_order(int line, std::optional<nanoseconds> budget);
[[nodiscard]] result<mold_answer> hear_answer(int line, std::optional<nanoseconds> budget);

}  // namespace cohort::primary
