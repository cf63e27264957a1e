#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/notice.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace cohort::process {

/// One message, and who sent it: the kernel says so, not the message. A resource: descriptors that
/// came along and are not taken out are closed with it (which is all that BARRIER=1 wants).
struct received_notice {
    received_notice() noexcept = default;

    pid_t from = 0;  ///< 0: somebody outside our pid namespace
    uid_t user = 0;
    notice words;
    std::vector<unique_fd> descriptors;  ///< 253 at most, close-on-exec
    bool torn = false;                   ///< more came, and there was no room for them here
};

/// The socket behind NOTIFY_SOCKET: hears what the programs say to which its address is given. A
/// resource. Anyone who can reach the address can write, so ask who it was before you believe it.
class notify_socket {
public:
    /// `where`: a path in a folder that is ours (what is there and is a socket is replaced; it is
    /// removed again at the end; anybody who can reach the folder may write to it, since a worker
    /// may be another user), or "@name" in the abstract namespace. 1 to 107 bytes.
    /// Errors: errc::bad_value, a name that does not fit; EADDRINUSE, EACCES, ENOENT, EMFILE.
    [[nodiscard]] static result<notify_socket> open(asio::any_io_executor executor,
                                                    std::string where);

    /// One that another process opened, which died; its abstract address is known to programs.
    /// Errors: errc::bad_value, it has no address, or a path; what epoll_ctl(2) says.
    [[nodiscard]] static result<notify_socket> inherit(asio::any_io_executor executor,
                                                       unique_fd from);

    notify_socket(notify_socket&& other) noexcept;
    notify_socket& operator=(notify_socket&&) = delete;
    ~notify_socket();

    /// From now on only this user is heard, and root: what others say is lost before it is read.
    void hear_only(uid_t user) noexcept { only_ = user; }

    /// The value for NOTIFY_SOCKET.
    [[nodiscard]] const std::string& address() const noexcept { return where_; }
    /// The number of its descriptor.
    [[nodiscard]] int number() noexcept { return fd_.native_handle(); }

    /// The next message.
    ///
    /// Errors: errc::malformed, errc::too_large, errc::bad_value (somebody who is not heard): this
    ///         one is lost; its sender is named, log it, not each time, and go on; errc::cancelled.
    /// Cancel: total.
    /// Deadline: none, most programs say little after their start. Whoever talks without end does
    /// not keep the loop from its other work.
    [[nodiscard]] awaitable<result<received_notice>> next();

private:
    [[nodiscard]] static result<notify_socket> use(asio::any_io_executor executor, unique_fd fd,
                                                   std::string where);
    notify_socket(asio::posix::stream_descriptor fd, std::string where) noexcept;

    asio::posix::stream_descriptor fd_;
    std::string where_;  // empty: moved away
    unsigned in_a_row_ = 0;
    std::optional<uid_t> only_;
};

}  // namespace cohort::process
