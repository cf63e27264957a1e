#include <cohort/app/listener.hpp>
#include <cohort/app/or_throw.hpp>
#include <cohort/base/try.hpp>
#include <cohort/ipc/handover.hpp>
#include <cohort/worker/door.hpp>

#include <utility>

#include <sys/socket.h>

namespace cohort {

namespace {

result<asio::local::stream_protocol::socket> adopt_unix(asio::any_io_executor executor,
                                                        unique_fd connection)
{
    asio::local::stream_protocol::socket socket{executor};
    error_code ec;
    socket.assign(asio::local::stream_protocol{}, connection.borrow(), ec);
    if (ec)
        return std::unexpected(fault(ec, "adopt connection"));
    static_cast<void>(connection.release());
    return socket;
}

}  // namespace

listener::listener(std::shared_ptr<work::door> at) noexcept : door_{std::move(at)} {}
listener::listener(listener&&) noexcept = default;

listener& listener::operator=(listener&& other) noexcept
{
    if (door_ && this != &other)
        door_->close();
    door_ = std::move(other.door_);
    return *this;
}

listener::~listener()
{
    if (door_)
        door_->close();
}

task<asio::ip::tcp::socket> listener::accept()
{
    auto connection = co_await try_accept();
    co_return or_throw(std::move(connection));
}

task<asio::local::stream_protocol::socket> listener::accept_unix()
{
    const auto at = door_;
    auto connection = co_await accept_descriptor();
    auto socket = adopt_unix(at->executor(), or_throw(std::move(connection)));
    co_return or_throw(std::move(socket));
}

task<result<asio::ip::tcp::socket>> listener::try_accept()
{
    const auto at = door_;
    COHORT_CO_TRY(auto connection, co_await at->next());
    co_return ipc::adopt_tcp(at->executor(), std::move(connection));
}

task<result<unique_fd>> listener::accept_descriptor()
{
    const auto at = door_;  // the listener may be closed and gone while we wait
    co_return co_await at->next();
}

void listener::serve(std::move_only_function<void(unique_fd connection) noexcept> take)
{
    door_->serve(std::move(take));
}

const net::endpoint& listener::local_endpoint() const noexcept { return door_->where(); }

std::uint16_t listener::port() const noexcept { return door_->where().port(); }

void listener::close() { door_->close(); }

bool listener::is_open() const noexcept { return door_ && door_->is_open(); }

}  // namespace cohort
