#pragma once

#include <cohort/async/wakeup.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/leg_executor.hpp>

namespace cohort::http {

/// Where a coroutine handler meets its client, whatever carries the bodies: who waits, and what
/// has ended it. A resource of the coroutine.
class leg_port : public body_reader, public body_writer {
public:
    leg_port(const leg_port&) = delete;
    leg_port& operator=(const leg_port&) = delete;

    /// Bytes came, or went, or never will.
    void moved() { moved_.notify_all(); }

    /// Every read and write from now on fails with this.
    void fail(errc why)
    {
        if (failed_ == errc{})
            failed_ = why;
        moved();
    }

    /// The connection, or the stream on it, is closed. The coroutine may go on for a while.
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

protected:
    leg_port(asio::any_io_executor executor, leg_name& name)
        : moved_{executor}, name_{name}
    {}

    wakeup moved_;
    errc failed_{};

private:
    leg_name& name_;
};

}  // namespace cohort::http
