#pragma once

#include <cohort/async/wakeup.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/leg_executor.hpp>

#include <string>
#include <string_view>

namespace cohort::http::h2 {

class stream;

/// Where a coroutine handler meets its stream: bodies in and out, each at the pace of the slower
/// side, by the stream's windows. A resource of the coroutine.
class stream_port final : public body_reader, public body_writer {
public:
    stream_port(stream& of, asio::any_io_executor executor, leg_name& name)
        : stream_{of}, moved_{executor}, name_{name}
    {}
    stream_port(const stream_port&) = delete;
    stream_port& operator=(const stream_port&) = delete;

    [[nodiscard]] awaitable<result<std::string_view>> read() override;
    [[nodiscard]] awaitable<result<>> write(std::string_view piece) override;

    /// The handler has ended: what it looked at is gone.
    void give_back();

    /// Bytes came, or went, or never will.
    void moved() { moved_.notify_all(); }

    /// Every read and write from now on fails with this.
    void fail(errc why)
    {
        if (failed_ == errc{})
            failed_ = why;
        moved();
    }

    /// The stream is closed. The coroutine may go on for a while.
    void lose_connection()
    {
        name_.lose_connection();
        fail(errc::channel_closed);
    }

    /// The client left, or was too slow.
    [[nodiscard]] bool cut() const noexcept
    {
        return failed_ == errc::channel_closed || failed_ == errc::deadline_passed;
    }

private:
    stream& stream_;
    wakeup moved_;
    leg_name& name_;
    std::string taken_;  // what the handler looks at: the client may send more when it comes back
    errc failed_{};
};

}  // namespace cohort::http::h2
