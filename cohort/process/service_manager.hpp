#pragma once
// Our side of what systemd, or another service manager that speaks like it, and a service say to
// each other.

#include <cohort/base/error.hpp>

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::process {

/// A descriptor that the service manager gave us at our start. A value: the number stays open for
/// as long as the process that took it from the environment, and all that share its table.
struct passed_descriptor {
    std::string name;  ///< LISTEN_FDNAMES; empty if it has none
    int number = -1;
    ino_t inode = 0;  ///< what was open there then

    /// Is it still what was passed?
    [[nodiscard]] bool is_there() const noexcept;
};

/// The service manager that started us, if one did. A value: copies in forked processes talk to the
/// same one.
class service_manager {
public:
    /// Nobody: whatever is said goes nowhere.
    service_manager() = default;

    /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and _PID, LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, as
    /// far as they are meant for this process, and unsets them all: what we start must not speak
    /// for us. What was passed is close-on-exec from now on.
    ///
    /// Order: once, in the process that the manager started, while it has a single thread.
    /// Errors: none; what makes no sense is in oddities(). Source: sd_notify(3), sd_listen_fds(3),
    ///         sd_watchdog_enabled(3).
    [[nodiscard]] static service_manager take_from_environment();

    /// Does anybody listen?
    [[nodiscard]] bool listens() const noexcept { return !socket_.empty(); }
    /// It wants to hear alive() at least that often; half of it is what it recommends.
    [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const noexcept
    {
        return watchdog_;
    }
    [[nodiscard]] const std::vector<passed_descriptor>& passed() const noexcept { return passed_; }
    /// The variables from which another program in this process takes the same, as "NAME=value".
    /// Descriptors that are not all there any more are not among them.
    [[nodiscard]] std::vector<std::string> environment() const;

    /// What of our environment was passed over, for the log.
    [[nodiscard]] const std::vector<std::string>& oddities() const noexcept { return oddities_; }

    // What we say. Nothing where nobody listens. One line is one sentence: line ends in `status`
    // become spaces. Never waits: Errors: EAGAIN, the manager does not read (again later);
    // ECONNREFUSED, ENOENT: it is gone.

    [[nodiscard]] result<> ready(std::string_view status) const;
    /// A reload begins; ready() ends it.
    [[nodiscard]] result<> reloading(std::string_view status) const;
    [[nodiscard]] result<> stopping(std::string_view status) const;
    [[nodiscard]] result<> status(std::string_view words) const;
    [[nodiscard]] result<> alive() const;
    /// The start, reload or stop under way will take so long from now.
    [[nodiscard]] result<> extend(std::chrono::microseconds how_long) const;
    /// Keep it, under this name (1 to 255 printable characters, no ':'), and pass it to whoever
    /// follows us. It stays ours, too. Nothing happens if the unit allows none
    /// (FileDescriptorStoreMax=). Errors: also errc::bad_value.
    [[nodiscard]] result<> store(std::string_view name, int fd) const;
    /// Keep those of that name no longer.
    [[nodiscard]] result<> forget(std::string_view name) const;

private:
    void take_watchdog();
    void take_passed();
    [[nodiscard]] result<> say(std::string_view words, int fd = -1) const;

    std::string socket_;  // as in NOTIFY_SOCKET; empty: nobody
    std::optional<std::chrono::microseconds> watchdog_;
    std::vector<passed_descriptor> passed_;
    std::vector<std::string> oddities_;
};

}  // namespace cohort::process
