#include <cohort/ipc/channel.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/ipc/detail/link.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/socket.h>

#include <array>
#include <utility>

namespace cohort::ipc {

result<std::pair<unique_fd, unique_fd>> channel::make_pair()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == -1)
        return failed("make channel");
    return std::pair{unique_fd{ends[0]}, unique_fd{ends[1]}};
}

result<channel> channel::open(asio::any_io_executor executor, unique_fd socket,
                              channel_limits limits)
{
    int domain = 0;
    socklen_t length = sizeof domain;
    if (::getsockopt(socket.borrow(), SOL_SOCKET, SO_DOMAIN, &domain, &length) == -1)
        return failed("open channel");
    int type = 0;
    length = sizeof type;
    if (::getsockopt(socket.borrow(), SOL_SOCKET, SO_TYPE, &type, &length) == -1)
        return failed("open channel");
    if (domain != AF_UNIX || type != SOCK_STREAM)
        return failed(errc::bad_value, "open channel", "not a stream socket of this host");

    asio::posix::stream_descriptor watched{executor};
    error_code ec;
    watched.assign(socket.borrow(), ec);
    if (ec)
        return std::unexpected(fault(ec, "open channel"));
    static_cast<void>(socket.release());
    return channel{std::make_shared<detail::link>(std::move(watched), limits)};
}

channel::channel(std::shared_ptr<detail::link> made) noexcept
    : link_{std::move(made)}
{}

channel::channel(channel&&) noexcept = default;

channel& channel::operator=(channel&& other) noexcept
{
    if (this != &other) {
        if (link_)
            link_->close();
        link_ = std::move(other.link_);
    }
    return *this;
}

channel::~channel()
{
    if (link_)
        link_->close();
}

void channel::start(on_envelope take, on_closed closed)
{
    link_->start(link_, std::move(take), std::move(closed));
}

void channel::pause() { link_->pause(); }
void channel::resume() { link_->resume(link_); }

result<> channel::try_send(envelope& what)
{
    const auto queued = link_->push(what);
    if (!queued)
        return std::unexpected(queued.error());
    link_->flush_soon(link_);
    return {};
}

awaitable<result<>> channel::send(envelope what)
{
    return detail::link::send(link_, std::move(what));
}

awaitable<result<>> channel::flush(nanoseconds budget)
{
    return with_deadline(detail::link::drain(link_), budget);
}

void channel::close() { link_->close(); }
std::vector<envelope> channel::take_unsent() { return link_->take_unsent(); }
bool channel::is_open() const noexcept { return link_->can_write(); }
std::size_t channel::queued_bytes() const noexcept { return link_->queued_bytes(); }
channel_counts channel::counts() const noexcept { return link_->counts(); }
int channel::native_handle() const noexcept { return link_->native_handle(); }

}  // namespace cohort::ipc
