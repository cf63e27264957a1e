#pragma once
// Descriptors beside bytes: SCM_RIGHTS over AF_UNIX SOCK_STREAM.
//
// The kernel hands descriptors over together with the first byte of the write that carried them,
// and a read never runs past such bytes into the next write with descriptors. So a frame with
// cargo begins a write of its own; its descriptors then arrive as one parcel, no later than its
// first byte, and parcels and frames with cargo pair up one to one, even if a parcel arrives
// damaged because the receiver had no room for descriptors.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <sys/uio.h>

#include <cstddef>
#include <deque>
#include <span>
#include <utility>
#include <vector>

namespace cohort::ipc {

/// The descriptors of one write. `torn`: the kernel could not install all of them here (EMFILE)
/// and closed the rest. A resource.
struct parcel {
    parcel() noexcept = default;

    std::vector<unique_fd> descriptors;
    bool torn = false;
};

/// Writes without waiting and without SIGPIPE. `cargo` (0 to cargo_max) travels with the first
/// byte; it stays open here, for the caller to close once this returned more than 0.
///
/// @return       Bytes the kernel took; 0 when it has no room now.
///
/// Errors:       EPIPE, ECONNRESET: the peer is gone; ETOOMANYREFS, ENOBUFS, ENOMEM: again later.
/// Source:       unix(7), sendmsg(2).
[[nodiscard]] result<std::size_t> send_some(int socket, std::span<const iovec> bytes,
                                            std::span<const unique_fd> cargo);

/// What one read brought. A value.
struct arrival {
    enum class state : unsigned char { bytes, nothing_now, end };
    state what = state::nothing_now;
    std::size_t bytes = 0;
};

/// Reads without waiting; descriptors that came along are appended to `parcels` (one at most),
/// close-on-exec.
///
/// Errors:       ECONNRESET: the peer left without reading all we had sent.
/// Source:       unix(7), recvmsg(2).
[[nodiscard]] result<arrival> receive_some(int socket, std::span<iovec> into,
                                           std::deque<parcel>& parcels);

}  // namespace cohort::ipc
