#pragma once

#include <cohort/async/wakeup.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/leg_executor.hpp>

#include <string_view>

namespace cohort::http {

class session;

/// Where a coroutine handler meets its connection: the request's body comes in, the answer's body
/// goes out, each at the pace of the slower side. A resource of the coroutine.
class stream_port final : public body_reader, public body_writer {
public:
    stream_port(session& of, asio::any_io_executor executor, leg_name& name)
        : session_{of}, moved_{executor}, name_{name}
    {}
    stream_port(const stream_port&) = delete;
    stream_port& operator=(const stream_port&) = delete;

    [[nodiscard]] awaitable<result<std::string_view>> read() override;
    [[nodiscard]] awaitable<result<>> write(std::string_view piece) override;

    /// Bytes came, or went, or never will.
    void moved() { moved_.notify_all(); }

    /// Every read and write from now on fails with this.
    void fail(errc why)
    {
        if (failed_ == errc{})
            failed_ = why;
        moved();
    }

    /// The socket is closed. The coroutine may go on for a while.
    void lose_connection()
    {
        name_.lose_connection();
        fail(errc::channel_closed);
    }

    /// The client left, or was too slow; bytes that break rules are not meant.
    [[nodiscard]] bool cut() const noexcept
    {
        return failed_ == errc::channel_closed || failed_ == errc::deadline_passed;
    }

private:
    session& session_;
    wakeup moved_;
    leg_name& name_;
    errc failed_{};
};

}  // namespace cohort::http
