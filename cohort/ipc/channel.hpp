#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/ipc/envelope.hpp>
#include <cohort/ipc/frame.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace cohort::ipc {

namespace detail {
class link;
}

/// What a channel holds at most. A value.
struct channel_limits {
    frame_limits frame;
    /// Memory that messages may take while they wait here for the peer to read. One more is taken
    /// while less than this waits, so that a message of any allowed size can be sent.
    std::size_t queue_bytes_max = 4U << 20U;
};

/// What a channel has carried so far. A value.
struct channel_counts {
    std::uint64_t sent = 0;        ///< Envelopes the kernel has taken whole.
    std::uint64_t received = 0;    ///< Envelopes given to on_envelope.
    std::uint64_t writes = 0;      ///< System calls that carried them.
    std::uint64_t cargo_lost = 0;  ///< Descriptors that found no room here.
    std::uint64_t refused = 0;     ///< Not sent: cargo that the kernel does not carry.
};

/// The conversation of two processes: envelopes both ways, in order, with descriptors. A resource,
/// movable; it may be destroyed at any time, also inside its own callbacks.
///
/// Nothing is read before start(): what the peer sends until then waits in the kernel, and then
/// pushes back on the peer; it is never lost. Small envelopes that are sent during one turn of the
/// loop leave in one system call.
///
/// Loop:     one event loop only.
/// Lifetime: destroyed before its io_context is.
class channel {
public:
    using on_envelope = std::move_only_function<void(envelope&&) noexcept>;

    /// Nothing: the peer closed at the end of a message. errc::channel_closed: it went in the
    /// middle of a message (which is dropped) or without reading what we sent. errc::malformed,
    /// errc::too_large: it sent what is no frame. Called once at most, when all that had arrived
    /// has been delivered; never after our own close().
    using on_closed = std::move_only_function<void(std::optional<fault>) noexcept>;

    /// Two connected ends, close-on-exec: one stays, one goes to the new process.
    /// Errors: EMFILE (again later).
    [[nodiscard]] static result<std::pair<unique_fd, unique_fd>> make_pair();

    /// A channel over a connected AF_UNIX stream socket.
    /// Errors: what epoll_ctl(2) says; errc::bad_value, it is no such socket.
    [[nodiscard]] static result<channel> open(asio::any_io_executor executor, unique_fd socket,
                                              channel_limits limits = {});

    channel(channel&&) noexcept;
    channel& operator=(channel&&) noexcept;
    ~channel();

    /// Begins to read. Call once. The callbacks run on the loop, never inside this call.
    void start(on_envelope take, on_closed closed);

    /// Flow control: no callback between pause() and resume(); what arrives waits in the kernel.
    void pause();
    void resume();

    /// Queues `what`; it leaves at the end of this turn of the loop. Success means queued here,
    /// not read by the peer; what is still here when the channel ends is in take_unsent().
    ///
    /// Errors: errc::queue_full (again later), errc::too_large, errc::channel_closed. `what` is
    ///         untouched then, its descriptors included.
    [[nodiscard]] result<> try_send(envelope& what);

    /// Waits for room, and then until the kernel has the whole message.
    ///
    /// Errors: errc::channel_closed, the channel ended before that, and the peer will not see the
    ///         message; errc::too_large; errc::not_supported, the kernel does not carry one of its
    ///         descriptors (it was dropped, the channel goes on); errc::cancelled.
    /// Cancel: total until the first byte has left; after that the message goes out all the same.
    /// Order:  the order in which sends found room.
    [[nodiscard]] awaitable<result<>> send(envelope what);

    /// Waits until the kernel has all that was queued before this call; then this process may end
    /// and loses nothing. Errors: errc::channel_closed; errc::deadline_passed; errc::cancelled.
    [[nodiscard]] awaitable<result<>> flush(nanoseconds budget);

    /// Ends it at once: what is queued is not sent (see flush), waiting senders get
    /// errc::channel_closed. Idempotent.
    void close();

    /// After the end: what was queued and never left whole, with its descriptors, oldest first.
    /// (The descriptors of a message that left in part are gone with it.)
    [[nodiscard]] std::vector<envelope> take_unsent();

    /// Can messages still be sent?
    [[nodiscard]] bool is_open() const noexcept;
    [[nodiscard]] std::size_t queued_bytes() const noexcept;
    [[nodiscard]] channel_counts counts() const noexcept;
    /// The peer's pid, uid and so on can be asked of this socket. -1 after the end.
    [[nodiscard]] int native_handle() const noexcept;

private:
    explicit channel(std::shared_ptr<detail::link> made) noexcept;
    std::shared_ptr<detail::link> link_;
};

}  // namespace cohort::ipc
