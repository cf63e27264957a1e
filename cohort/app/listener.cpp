#include <cohort/app/listener.hpp>

#include <cohort/base/try.hpp>
#include <cohort/ipc/handover.hpp>
#include <cohort/worker/door.hpp>

#include <cerrno>
#include <utility>

namespace cohort {

listener::listener(std::shared_ptr<work::door> at) noexcept
    : door_{std::move(at)}
{}
listener::listener(listener&&) noexcept = default;

listener& listener::operator=(listener&& other) noexcept
{
    close();
    door_ = std::move(other.door_);
    return *this;
}

listener::~listener() { close(); }

void listener::close()
{
    if (door_)
        door_->close();
}

bool listener::is_open() const noexcept { return door_ && door_->is_open(); }

task<result<unique_fd>> listener::accept_descriptor()
{
    const auto door = door_;  // the listener may be closed, or moved, while we wait
    co_return co_await door->next();
}

task<result<asio::ip::tcp::socket>> listener::try_accept()
{
    const auto door = door_;
    COHORT_CO_TRY(auto connection, co_await door->next());
    co_return ipc::adopt_tcp(door->executor(), std::move(connection));
}

task<asio::ip::tcp::socket> listener::accept()
{
    auto accepted = co_await try_accept();
    if (!accepted)
        throw failure{std::move(accepted).error()};
    co_return std::move(*accepted);
}

task<asio::local::stream_protocol::socket> listener::accept_unix()
{
    const auto door = door_;
    auto connection = co_await door->next();
    if (!connection)
        throw failure{std::move(connection).error()};
    asio::local::stream_protocol::socket socket{door->executor()};
    error_code ec;
    socket.assign(asio::local::stream_protocol{}, connection->borrow(), ec);
    if (ec)
        throw failure{fault(ec, "accept on", door->where().text())};
    static_cast<void>(connection->release());
    co_return std::move(socket);
}

void listener::serve(std::move_only_function<void(unique_fd) noexcept> take)
{
    door_->serve(std::move(take));
}

const net::endpoint& listener::local_endpoint() const noexcept { return door_->where(); }
std::uint16_t listener::port() const noexcept { return door_->where().port(); }

}  // namespace cohort
