#include <cohort/process/lifeline.hpp>

#include <cohort/async/stop.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>

namespace cohort::process {

result<lifeline> make_lifeline()
{
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
        return failed("make a life-line");
    return lifeline{unique_fd{ends[1]}, unique_fd{ends[0]}};
}

bool is_gone(const unique_fd& watched) noexcept
{
    pollfd look{watched.borrow(), POLLIN, 0};
    return ::poll(&look, 1, 0) == 1 && (look.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

awaitable<result<>> until_gone(const unique_fd& watched)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    // A descriptor of its own, so that the loop's registration ends with this coroutine.
    auto own = duplicate(watched);
    if (!own)
        co_return std::unexpected(own.error());
    const auto executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor line{executor};
    error_code broken;
    line.assign(own->borrow(), broken);
    if (broken)
        co_return std::unexpected(fault(broken, "watch a life-line"));
    static_cast<void>(own->release());

    while (!stopped(stop)) {
        if (is_gone(watched))
            co_return result<>{};
        auto [ec] = co_await line.async_wait(asio::posix::descriptor_base::wait_read, use_tuple);
        if (ec && ec != asio::error::operation_aborted)
            co_return std::unexpected(fault(ec, "watch a life-line"));
        // Nobody writes to a life-line; should somebody do, the byte must not keep us spinning.
        std::array<char, 64> stray{};
        static_cast<void>(!::read(watched.borrow(), stray.data(), stray.size()));
    }
    co_return failed(errc::cancelled, "watch a life-line");
}

}  // namespace cohort::process
