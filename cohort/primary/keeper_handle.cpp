#include <cohort/primary/keeper_handle.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/try.hpp>
#include <cohort/observe/log.hpp>

#include <poll.h>

#include <utility>

namespace cohort::primary {

keeper_handle::keeper_handle(const asio::any_io_executor& executor, process::kept_pair made)
    : made_{std::move(made)}, line_{executor}
{}

result<keeper_ptr> keeper_handle::make(const asio::any_io_executor& executor,
                                       process::kept_pair made)
{
    auto handle = std::make_shared<keeper_handle>(executor, std::move(made));
    error_code ec;
    handle->line_.assign(handle->made_.line.borrow(), ec);
    if (ec)
        return std::unexpected(fault(ec, "watch the line to a keeper"));
    static_cast<void>(handle->made_.line.release());
    return handle;
}

result<process::received_note> keeper_handle::wait_for_note(nanoseconds budget)
{
    const steady_time until = now() + budget;
    for (;;) {
        COHORT_TRY(auto note, process::take_note(line_.native_handle()));
        if (note)
            return *std::move(note);
        const auto left = std::chrono::ceil<milliseconds>(until - now()).count();
        if (left <= 0)
            return failed(errc::deadline_passed, "wait for a keeper's first worker");
        pollfd wait{.fd = line_.native_handle(), .events = POLLIN, .revents = 0};
        static_cast<void>(::poll(&wait, 1, static_cast<int>(left)));
    }
}

void keeper_handle::start(const keeper_ptr& us, on_note hear)
{
    us->hear_ = std::move(hear);
    listen(us);
}

void keeper_handle::listen(const keeper_ptr& us)
{
    const std::weak_ptr<keeper_handle> later = us;
    us->line_.async_wait(asio::posix::descriptor_base::wait_read, [later](const error_code& ec) {
        const keeper_ptr here = later.lock();
        if (!ec && here && here->hear_all())
            listen(here);
    });
}

bool keeper_handle::hear_all()
{
    while (line_.is_open() && hear_) {
        auto note = process::take_note(line_.native_handle());
        if (!note && note.error().why() == errc::malformed) {
            log::error("a keeper made no sense ({}); going on", note.error().text());
            continue;
        }
        if (!note)
            return false;
        if (!*note)
            return true;
        hear_(**std::move(note));
    }
    return false;
}

void keeper_handle::finish()
{
    static_cast<void>(hear_all());
    hear_ = nullptr;
    error_code ignored;
    line_.close(ignored);
}

result<> keeper_handle::order(process::keeper_order what)
{
    if (!line_.is_open())
        return failed(errc::channel_closed, "order a keeper");
    if (what != process::keeper_order::spawn)
        ends_ = true;
    return process::give_order(line_.native_handle(), what);
}

}  // namespace cohort::primary
