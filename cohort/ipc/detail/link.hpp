#pragma once
// One channel's engine. It lives in a shared_ptr because Asio's handlers outlive the channel by a
// turn of the loop; every function that starts an operation is given that pointer as `self`.

#include <cohort/async/wakeup.hpp>
#include <cohort/base/backoff.hpp>
#include <cohort/ipc/cargo.hpp>
#include <cohort/ipc/channel.hpp>
#include <cohort/ipc/detail/outbox.hpp>
#include <cohort/ipc/frame.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::ipc::detail {

class link {
public:
    using owner = std::shared_ptr<link>;

    link(asio::posix::stream_descriptor socket, channel_limits limits);

    void start(const owner& self, channel::on_envelope take, channel::on_closed closed);
    void pause() noexcept { paused_ = true; }
    void resume(const owner& self);
    void close();

    /// Queues `what` and returns its ordinal; whoever calls makes it leave.
    result<std::uint64_t> push(envelope& what);
    void flush_soon(const owner& self);

    static awaitable<result<>> send(owner self, envelope what);
    static awaitable<result<>> drain(owner self);

    [[nodiscard]] std::vector<envelope> take_unsent() { return out_.take_all(); }
    [[nodiscard]] bool can_write() const noexcept { return !closed_ && !write_over_; }
    [[nodiscard]] std::size_t queued_bytes() const noexcept { return out_.bytes(); }
    [[nodiscard]] channel_counts counts() const noexcept;
    [[nodiscard]] int native_handle();

private:
    enum class after : std::uint8_t { wait, again };

    /// Counts who waits, so that refusals are remembered only for those who can hear of them.
    class waiting_sender {
    public:
        explicit waiting_sender(link& on) noexcept
            : on_{on}
        {
            ++on_.waiting_senders_;
        }
        waiting_sender(const waiting_sender&) = delete;
        waiting_sender& operator=(const waiting_sender&) = delete;
        ~waiting_sender()
        {
            if (--on_.waiting_senders_ == 0)
                on_.refused_.clear();
        }

    private:
        link& on_;
    };

    [[nodiscard]] bool may_deliver() const noexcept { return !closed_ && !paused_; }
    void watch_readable(const owner& self);
    void read_turn(const owner& self);
    void read_some();
    after read_once(std::span<char> common, std::size_t& budget);
    void deliver(std::string_view& bytes);
    void deliver_held();
    std::optional<fault> deliver_frame();
    void end_of_stream();
    void end(std::optional<fault> why);

    void write_turn(const owner& self);
    void write_failed(const owner& self, const fault& why);
    void watch_writable(const owner& self);
    void refuse_front();
    void tell_senders();
    bool take_refusal(std::uint64_t ordinal);

    asio::posix::stream_descriptor socket_;
    channel_limits limits_;
    channel::on_envelope take_;
    channel::on_closed ended_;

    frame_decoder in_;
    std::deque<parcel> parcels_;  // came with first bytes of frames not yet delivered
    std::string held_;            // read, then paused: to be delivered first
    std::size_t held_at_ = 0;

    outbox out_;
    wakeup progress_;
    std::size_t waiting_senders_ = 0;
    std::vector<std::uint64_t> refused_;  // waiting senders whose cargo the kernel will not carry
    asio::steady_timer retry_;
    backoff pause_before_retry_;

    channel_counts counts_;
    bool started_ = false;
    bool paused_ = false;
    bool closed_ = false;      // finished, by us or by end()
    bool write_over_ = false;  // the peer takes nothing any more; it may still have sent
    bool in_turn_ = false;     // what is sent now leaves when the read turn ends
    bool read_watched_ = false;
    bool write_watched_ = false;  // or waiting for retry_
    bool flush_posted_ = false;
    bool resume_posted_ = false;
};

}  // namespace cohort::ipc::detail
