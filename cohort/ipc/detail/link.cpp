#include <cohort/ipc/detail/link.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/base/assert.hpp>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace cohort::ipc::detail {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t iovecs_per_write = 512;

/// A turn ends after this much, so that one busy peer does not starve the loop.
constexpr std::size_t write_bytes_per_turn = 1U << 20U;

constexpr auto retry_first = 1ms;
constexpr auto retry_ceiling = 100ms;

bool passes(const fault& why) noexcept
{
    // ETOOMANYREFS: too many descriptors under way, over all processes of this user.
    const int code = why.why().value();
    return code == ETOOMANYREFS || code == ENOBUFS || code == ENOMEM;
}

bool peer_gone(const fault& why) noexcept
{
    const int code = why.why().value();
    return code == EPIPE || code == ECONNRESET || code == ENOTCONN;
}

}  // namespace

link::link(asio::posix::stream_descriptor socket, channel_limits limits)
    : socket_{std::move(socket)},
      limits_{limits},
      in_{limits.frame},
      progress_{socket_.get_executor()},
      retry_{socket_.get_executor()},
      pause_before_retry_{retry_first, retry_ceiling}
{}

void link::close()
{
    if (closed_)
        return;
    closed_ = true;
    error_code ignored;
    socket_.close(ignored);
    retry_.cancel();
    parcels_.clear();
    held_.clear();
    tell_senders();
}

int link::native_handle() { return closed_ ? -1 : socket_.native_handle(); }

channel_counts link::counts() const noexcept
{
    channel_counts now = counts_;
    now.sent = out_.left();
    return now;
}

result<std::uint64_t> link::push(envelope& what)
{
    if (!can_write())
        return failed(errc::channel_closed, "send on channel");
    if (what.body.size() > limits_.frame.body_bytes_max)
        return failed(
            errc::too_large, "send on channel",
            fmt::format("{} bytes, limit {}", what.body.size(), limits_.frame.body_bytes_max));
    if (what.cargo.size() > limits_.frame.cargo_max)
        return failed(
            errc::too_large, "send on channel",
            fmt::format("{} descriptors, limit {}", what.cargo.size(), limits_.frame.cargo_max));
    if (out_.weight() >= limits_.queue_bytes_max)
        return failed(errc::queue_full, "send on channel");
    return out_.push(std::move(what));
}

void link::flush_soon(const owner& self)
{
    if (in_turn_ || write_watched_ || flush_posted_)
        return;
    flush_posted_ = true;
    asio::post(socket_.get_executor(), [this, self] {
        flush_posted_ = false;
        if (!write_watched_)
            write_turn(self);
    });
}

void link::write_turn(const owner& self)
{
    std::array<iovec, iovecs_per_write> room;
    std::size_t budget = write_bytes_per_turn;
    const auto left_before = out_.left();
    while (can_write() && !out_.empty()) {
        const auto batch = out_.gather(room);
        const auto cargo = out_.front_begun() ? std::span<const unique_fd>{} : batch.cargo;
        const auto taken = send_some(socket_.native_handle(), batch.bytes, cargo);
        if (!taken) {
            write_failed(self, taken.error());
            break;
        }
        if (*taken != 0) {
            ++counts_.writes;
            out_.sent(*taken);
            pause_before_retry_.reset();
        }
        budget -= std::min(budget, *taken);
        if (*taken < batch.total || (budget == 0 && !out_.empty())) {
            watch_writable(self);
            break;
        }
    }
    if (out_.left() != left_before)
        tell_senders();
}

void link::write_failed(const owner& self, const fault& why)
{
    if (peer_gone(why)) {
        write_over_ = true;
        tell_senders();
        return;
    }
    if (passes(why)) {
        write_watched_ = true;
        retry_.expires_after(pause_before_retry_.next());
        retry_.async_wait([this, self](error_code) {
            write_watched_ = false;
            if (!closed_)
                write_turn(self);
        });
        return;
    }
    // The kernel will not carry this descriptor (an io_uring, for one). That is the fault of one
    // message; the conversation goes on without it.
    if (!out_.front_begun()) {
        refuse_front();
        flush_soon(self);
        return;
    }
    write_over_ = true;
    tell_senders();
}

void link::refuse_front()
{
    const auto ordinal = out_.front();
    out_.withdraw(ordinal);
    ++counts_.refused;
    if (waiting_senders_ != 0)
        refused_.push_back(ordinal);
    tell_senders();
}

bool link::take_refusal(std::uint64_t ordinal) { return std::erase(refused_, ordinal) != 0; }

void link::watch_writable(const owner& self)
{
    write_watched_ = true;
    socket_.async_wait(asio::posix::stream_descriptor::wait_write, [this, self](error_code) {
        write_watched_ = false;
        if (!closed_)
            write_turn(self);
    });
}

void link::tell_senders()
{
    if (waiting_senders_ != 0)
        progress_.notify_all();
}

awaitable<result<>> link::send(owner self, envelope what)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const waiting_sender waiting{*self};
    auto queued = self->push(what);
    while (!queued && queued.error().why() == errc::queue_full) {
        if (stopped(stop))
            co_return failed(errc::cancelled, "send on channel");
        // Deadline: the caller's (with_deadline); the end of the channel wakes us too.
        co_await self->progress_.wait();
        queued = self->push(what);
    }
    if (!queued)
        co_return std::unexpected(std::move(queued).error());

    // Nobody else will fill this turn's write, so there is nothing to wait for.
    const std::uint64_t ordinal = *queued;
    if (!self->in_turn_ && !self->write_watched_)
        self->write_turn(self);
    while (!self->out_.done(ordinal)) {
        if (!self->can_write())
            co_return failed(errc::channel_closed, "send on channel");
        if (stopped(stop)) {
            self->out_.withdraw(ordinal);
            co_return failed(errc::cancelled, "send on channel");
        }
        co_await self->progress_.wait();
    }
    if (self->take_refusal(ordinal))
        co_return failed(errc::not_supported, "send on channel", "a descriptor in the cargo");
    co_return result<>{};
}

awaitable<result<>> link::drain(owner self)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const waiting_sender waiting{*self};
    const std::uint64_t last = self->out_.pushed();
    if (!self->in_turn_ && !self->write_watched_)
        self->write_turn(self);
    while (!self->out_.done(last)) {
        if (!self->can_write())
            co_return failed(errc::channel_closed, "flush channel");
        if (stopped(stop))
            co_return failed(errc::cancelled, "flush channel");
        co_await self->progress_.wait();
    }
    co_return result<>{};
}

}  // namespace cohort::ipc::detail
