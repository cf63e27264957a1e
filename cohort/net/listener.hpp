#pragma once
// Opening the sockets that connections arrive on.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/net/endpoint.hpp>

#include <sys/types.h>

#include <optional>
#include <string>

namespace cohort::net {

/// How to listen. The defaults are Node's.
struct listen_options {
    /// Connections the kernel keeps waiting for an accept. The kernel caps it (net.core.somaxconn).
    int backlog = 511;

    /// This worker binds for itself instead of asking the primary; a second bind of the address
    /// then fails with EADDRINUSE. Who asks decides where open_listener() runs; the socket is the
    /// same.
    bool exclusive = false;

    /// [::] without the IPv4 addresses. By default a v6 socket on every address serves both.
    bool v6_only = false;

    /// SO_REUSEPORT: several sockets on one port, a kernel queue each.
    bool reuse_port = false;

    /// Permission bits of the socket file, exactly (the umask has no say). Nothing: what the umask
    /// leaves.
    std::optional<mode_t> unix_mode = std::nullopt;

    friend bool operator==(const listen_options&, const listen_options&) = default;
};

/// A listening socket (tcp, Unix) or a bound one (udp): non-blocking and close-on-exec.
///
/// Accepted connections inherit TCP_NODELAY from it, and a bound on what the kernel takes that it
/// cannot send yet. The socket file of a Unix server that is dead is replaced, that of a living one
/// is not; any other kind of file is left alone. `fd:N` is duplicated, so that the number itself
/// stays with its owner.
///
/// Errors:       "listen on tcp://127.0.0.1:80: Permission denied": EACCES, EADDRINUSE (again
///               later, or another address), EADDRNOTAVAIL, ENOENT (the folder of a Unix path),
///               EBADF and ENOTSOCK (fd:N), EINVAL (fd:N is a stream that does not listen).
[[nodiscard]] result<unique_fd> open_listener(const endpoint& where,
                                              const listen_options& how = {});

/// Takes the socket file away when its server is gone. A resource.
///
/// Whoever opened the listener owns one; a worker does not, and a copy made by fork must be left
/// by _exit. It removes only the very file it was made for, never a successor's.
class unix_socket_file {
public:
    unix_socket_file() noexcept = default;
    unix_socket_file(unix_socket_file&& other) noexcept;
    unix_socket_file& operator=(unix_socket_file&& other) noexcept;
    ~unix_socket_file() { remove(); }

    /// The file that open_listener() has just made for `where`; owns nothing unless `where` is a
    /// Unix path. Errors: ENOENT.
    [[nodiscard]] static result<unix_socket_file> of(const endpoint& where);

    /// Removes the file now, if it is still ours.
    void remove() noexcept;

    /// Leaves the file where it is: somebody else goes on serving it.
    void release() noexcept { path_.clear(); }

private:
    std::string path_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace cohort::net
