#pragma once
// What a program says of itself over NOTIFY_SOCKET: sd_notify's words, as a value.

#include <cohort/base/error.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::process {

/// One message. A value; it has a constructor because it travels through co_await.
struct notice {
    notice() noexcept = default;

    bool ready = false;             ///< READY=1: the start, or a reload, is finished
    bool reloading = false;         ///< RELOADING=1; READY=1 ends it
    bool stopping = false;          ///< STOPPING=1
    bool watchdog_alive = false;    ///< WATCHDOG=1
    bool watchdog_trigger = false;  ///< WATCHDOG=trigger: it says itself that it has failed
    bool barrier = false;  ///< BARRIER=1: its descriptor is closed when all before it was handled
    bool store = false;    ///< FDSTORE=1: the descriptors that came along are to be kept
    bool unstore = false;  ///< FDSTOREREMOVE=1: those called `store_name` are not to be kept

    std::optional<std::string> status;  ///< STATUS=, cut at 512 bytes, control characters as '?'
    std::optional<std::string> store_name;               ///< FDNAME=, 1 to 255 printable, no ':'
    std::optional<std::chrono::microseconds> watchdog;   ///< WATCHDOG_USEC=: its new period
    std::optional<std::chrono::microseconds> extension;  ///< EXTEND_TIMEOUT_USEC=
    std::optional<std::chrono::microseconds> moment;     ///< MONOTONIC_USEC=: when the reload began
    std::optional<pid_t> main_pid;                       ///< MAINPID=
    std::optional<int> error;                            ///< ERRNO=
    std::optional<int> exit_status;                      ///< EXIT_STATUS=

    /// The first assignment whose value makes no sense (it was passed over), for a log line; 80
    /// bytes at most. Names that we do not know are passed over in silence.
    std::string oddity;

    friend bool operator==(const notice&, const notice&) = default;
};

/// Bytes that one message may have; systemd's own bound.
inline constexpr std::size_t notice_bytes_max = 4096;

/// Lines of "NAME=value", the last of two with the same name counts.
/// Errors: errc::malformed, nothing in it, or a NUL; errc::too_large.
/// Source: sd_notify(3).
[[nodiscard]] result<notice> parse_notice(std::string_view text);

}  // namespace cohort::process
