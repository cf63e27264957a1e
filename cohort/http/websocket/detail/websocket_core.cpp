#include <cohort/http/websocket/detail/websocket_core.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/base/assert.hpp>
#include <cohort/http/websocket/counters.hpp>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace cohort::http::detail {

namespace {

/// What send() gives the kernel before the loop has a turn, however much the kernel would take: a
/// client that reads fast must not have the loop for itself.
constexpr std::size_t bytes_a_turn = 262'144;
constexpr std::size_t weight_of_call = 1'024;  // so few bytes cost as much time

}  // namespace

awaitable<> quietly(awaitable<> work)
{
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await std::move(work);
}

websocket_core::websocket_core(message_stream::setup from,
                               std::shared_ptr<const websocket_options> options)
    : options_{std::move(options)},
      out_{options_->queue_messages_max, options_->queue_bytes_max},
      arrived_{from.loop},
      room_{from.loop.get_executor()},
      left_{from.loop.get_executor()},
      beside_{from.loop.get_executor(), &left_},
      timer_{from.loop.get_executor()},
      last_message_{std::chrono::steady_clock::now()},
      stream_{message_stream::open(std::move(from), *this)}
{
    ++websocket_counters::here().opened;
    ++websocket_counters::here().open;
}

websocket_core::~websocket_core()
{
    COHORT_ASSERT(stage_ == stage::gone);
    --websocket_counters::here().open;
}

void websocket_core::begin()
{
    read_next();
    arm(options_->ping_after);
}

// Reading: one message ahead of the handler, so that a client that leaves is noticed while the
// handler does something else, and no further, so that a slow handler slows its client down.

void websocket_core::read_next()
{
    if (stage_ == stage::open && !in_ && !std::exchange(reading_, true))
        stream_->read();
}

/// What came behind a message may be an error or a close frame, which Beast answers while it reads.
/// What the handler says to the message at once goes first.
void websocket_core::read_on()
{
    if (handing_over_)
        return;  // on_message() does
    if (stage_ == stage::open && !in_ && !std::exchange(reading_, true))
        stream_->read_soon();
}

void websocket_core::on_message(websocket_message what) noexcept
{
    reading_ = false;
    ++websocket_counters::here().messages_in;
    if (options_->idle > std::chrono::nanoseconds::zero())
        last_message_ = std::chrono::steady_clock::now();
    in_ = std::move(what);
    handing_over_ = true;
    arrived_.resume_one();
    handing_over_ = false;
    read_next();
}

awaitable<std::optional<websocket_message>> websocket_core::read()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    // Asked first: who was cancelled gets no message, since nobody would see it (with_deadline).
    while (!stopped(stop)) {
        if (in_ && !we_closed_) {
            std::optional<websocket_message> first = std::exchange(in_, std::nullopt);
            read_on();
            co_return first;
        }
        if (draining_ && stage_ == stage::open)
            begin_close(close_code::service_restart, {});
        if (stage_ != stage::open)
            break;
        co_await arrived_.wait();
    }
    co_return std::nullopt;
}

// Writing: one message at a time; what is behind it waits in the outbox.

awaitable<result<>> websocket_core::send(websocket_message what)
{
    if (!out_.may_hold(what))
        co_return failed(errc::too_large, "send on WebSocket");
    const auto stop = co_await asio::this_coro::cancellation_state;
    bool waited = false;
    while (stage_ == stage::open) {
        if (send_at_once(what)) {
            this_turn_ += what.size() + weight_of_call;
            if (this_turn_ >= bytes_a_turn) {
                this_turn_ = 0;
                const asio::any_io_executor executor = co_await asio::this_coro::executor;
                co_await asio::post(executor, use_tuple);
            }
            co_return result<>{};
        }
        if (stopped(stop))
            co_return failed(errc::cancelled, "send on WebSocket");
        if (!std::exchange(waited, true))
            ++websocket_counters::here().sends_waited;
        ++senders_;
        co_await room_.wait();
        --senders_;
    }
    co_return failed(errc::channel_closed, "send on WebSocket");
}

bool websocket_core::try_send(const websocket_message& what)
{
    if (stage_ != stage::open)
        return false;
    if (out_.may_hold(what) && send_at_once(what))
        return true;
    ++websocket_counters::here().dropped_slow;
    // What it has not taken until now it would hardly take before the time is up.
    out_.keep_first();
    begin_close(close_code::try_again_later, "too slow");
    return false;
}

/// False: there is no room for it. What the kernel takes at once needs none.
bool websocket_core::send_at_once(const websocket_message& what)
{
    if (writing_ || !out_.empty())
        return out_.push(what);
    if (stream_->write(what) == message_stream::sent::whole) {
        ++websocket_counters::here().messages_out;
        return true;
    }
    writing_ = true;
    return out_.push(what);
}

void websocket_core::write_next()
{
    while (!writing_ && !out_.empty()) {
        if (stream_->write(out_.front()) == message_stream::sent::later) {
            writing_ = true;
            return;
        }
        ++websocket_counters::here().messages_out;
        out_.pop();
    }
    if (!writing_ && stage_ == stage::closing) {
        stage_ = stage::said;
        stream_->close(end_.code(), end_.reason());
    }
}

void websocket_core::on_written(written how) noexcept
{
    writing_ = false;
    if (stage_ >= stage::ended)
        return;
    if (how == written::not_whole) {
        on_end({websocket_end::side::nobody, close_code::no_handshake, {}}, goodbye::unsaid);
        return;
    }
    ++websocket_counters::here().messages_out;
    out_.pop();
    write_next();
    if (senders_ != 0)
        room_.notify_all();
}

// Beside the handler.

void websocket_core::spawn(awaitable<> work) { beside_.spawn(beside(std::move(work))); }

awaitable<> websocket_core::beside(awaitable<> work)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto [thrown] = co_await asio::co_spawn(executor, quietly(std::move(work)), use_tuple);
    if (!thrown || stopped(stop))
        co_return;
    if (!thrown_)
        thrown_ = thrown;
    begin_close(close_code::internal_error, {});
}

awaitable<std::exception_ptr> websocket_core::join()
{
    beside_.stop();
    while (beside_.size() != 0)
        co_await left_.wait();
    co_return thrown_;
}

// Closing.

void websocket_core::begin_close(close_code code, std::string_view reason)
{
    if (stage_ != stage::open)
        return;
    stage_ = stage::closing;
    we_closed_ = true;
    end_ = {websocket_end::side::us, code, std::string{reason}};
    arm(options_->close_within);
    tell_everybody();
    write_next();
}

void websocket_core::drain()
{
    if (std::exchange(draining_, true) || stage_ != stage::open)
        return;
    if (arrived_.waits() && !in_)
        begin_close(close_code::service_restart, {});
    else
        arm(options_->close_within);
}

void websocket_core::on_violation(close_code code, std::string_view reason) noexcept
{
    if (stage_ != stage::open)
        return;
    ++websocket_counters::here().broke_rules;
    begin_close(code, reason);
}

void websocket_core::on_end(const websocket_end& how, goodbye was) noexcept
{
    reading_ = false;
    if (stage_ >= stage::ended)
        return;
    // Whoever decided first has closed it.
    if (end_.by() == websocket_end::side::none) {
        end_ = how;
        if (how.by() == websocket_end::side::us) {
            we_closed_ = true;
            ++websocket_counters::here().broke_rules;
        }
    }
    stage_ = stage::ended;
    tell_everybody();
    if (was == goodbye::said) {
        arm(options_->close_within);
        stream_->linger();
    } else {
        stream_->cut();
    }
}

void websocket_core::cut()
{
    if (stage_ == stage::gone)
        return;
    if (stage_ < stage::ended) {
        if (end_.by() == websocket_end::side::none)
            end_ = {websocket_end::side::nobody, close_code::no_handshake, {}};
        stage_ = stage::ended;
        tell_everybody();
    }
    stream_->cut();
}

void websocket_core::tell_everybody()
{
    arrived_.notify_all();
    room_.notify_all();
}

// Leaving.

void websocket_core::on_idle() noexcept
{
    idle_ = true;
    timer_.cancel();
    leave_if_idle();
}

void websocket_core::leave_if_idle()
{
    if (!idle_ || timer_waits_ != 0)
        return;
    stage_ = stage::gone;
    left_.notify_all();
}

awaitable<> websocket_core::wait_until_gone()
{
    if (stage_ != stage::gone)
        co_await left_.wait();
}

// The clock: pings while it is open, the end of our patience afterwards.

void websocket_core::arm(std::chrono::nanoseconds pause)
{
    if (idle_)
        return;
    if (pause <= std::chrono::nanoseconds::zero())
        pause = std::chrono::hours{24 * 365};
    timer_.expires_after(pause);
    ++timer_waits_;
    timer_.async_wait([this](const error_code& ec) { on_timer(ec); });
}

void websocket_core::on_timer(error_code ec)
{
    --timer_waits_;
    if (idle_) {
        leave_if_idle();
        return;
    }
    // A handler that was queued already when the timer was set anew is not told of that.
    if (ec || timer_.expiry() > std::chrono::steady_clock::now())
        return;
    if (stage_ != stage::open) {
        ++websocket_counters::here().cut;
        cut();
    } else if (draining_) {
        begin_close(close_code::service_restart, {});
    } else {
        on_tick();
    }
}

void websocket_core::on_tick()
{
    const auto silence = std::chrono::steady_clock::now() - last_message_;
    if (options_->idle > std::chrono::nanoseconds::zero() && silence >= options_->idle) {
        begin_close(close_code::policy, "idle");
        return;
    }
    const keep_alive::state now{.heard = stream_->heard(),
                                .written = stream_->written(),
                                .listening = reading_,
                                .writing = writing_};
    switch (alive_.on_tick(now)) {
        case keep_alive::verdict::wait:
            arm(options_->ping_after);
            break;
        case keep_alive::verdict::ping:
            stream_->ping();
            arm(options_->pong_within);
            break;
        case keep_alive::verdict::cut:
            ++websocket_counters::here().dropped_dead;
            cut();
            break;
    }
}

}  // namespace cohort::http::detail
