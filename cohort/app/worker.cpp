#include <cohort/app/worker.hpp>

#include <cohort/base/try.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/worker/core.hpp>

#include <boost/asio/steady_timer.hpp>

#include <unistd.h>

#include <utility>

namespace cohort {

worker::worker(work::core& core, const cohort::settings& chosen) noexcept :
    core_{core}, settings_{chosen}
{}

std::uint32_t worker::id() const noexcept { return core_.terms().id; }
std::uint32_t worker::slot() const noexcept { return core_.terms().slot; }
pid_t worker::pid() const noexcept { return ::getpid(); }
const std::string& worker::app() const noexcept { return core_.terms().app; }
bool worker::is_connected() const noexcept { return core_.connected(); }
asio::io_context& worker::loop() const noexcept { return core_.loop(); }
asio::any_io_executor worker::executor() const noexcept { return core_.loop().get_executor(); }
net::poller& worker::poller() const noexcept { return core_.poller(); }
bool worker::stopping() const noexcept { return core_.current() != work::phase::running; }

worker_state worker::state() const noexcept
{
    if (!core_.connected())
        return worker_state::disconnected;
    if (stopping())
        return worker_state::disconnecting;
    return core_.doors().listens() ? worker_state::listening : worker_state::online;
}

void worker::spawn(task<> work) { core_.spawn(std::move(work)); }

task<result<listener>> worker::try_listen(std::string where)
{
    listen_options usual;
    usual.backlog = static_cast<int>(settings_.backlog);
    co_return co_await try_listen(std::move(where), usual);
}

task<result<listener>> worker::try_listen(std::string where, listen_options how)
{
    COHORT_CO_TRY(auto door, co_await core_.doors().listen(std::move(where), how));
    co_return listener{std::move(door)};
}

task<listener> worker::listen(std::string where)
{
    auto opened = co_await try_listen(std::move(where));
    if (!opened)
        throw failure{std::move(opened).error()};
    co_return std::move(*opened);
}

task<listener> worker::listen(std::string where, listen_options how)
{
    auto opened = co_await try_listen(std::move(where), how);
    if (!opened)
        throw failure{std::move(opened).error()};
    co_return std::move(*opened);
}

task<result<asio::ip::udp::socket>> worker::try_bind_udp(std::string where, listen_options how)
{
    const std::string asked = where;
    COHORT_CO_TRY(auto descriptor, co_await core_.doors().bind(std::move(where), how));
    COHORT_CO_TRY(const auto local, net::local_endpoint(descriptor.borrow()));
    COHORT_CO_TRY(const auto address, net::to_socket_address(local));
    asio::ip::udp::socket socket{core_.loop()};
    error_code ec;
    const bool v4 = address.family() == AF_INET;
    socket.assign(v4 ? asio::ip::udp::v4() : asio::ip::udp::v6(), descriptor.borrow(), ec);
    if (ec)
        co_return std::unexpected(fault(ec, "bind", asked));
    static_cast<void>(descriptor.release());
    co_return std::move(socket);
}

task<asio::ip::udp::socket> worker::bind_udp(std::string where)
{
    listen_options usual;
    co_return co_await bind_udp(std::move(where), usual);
}

task<asio::ip::udp::socket> worker::bind_udp(std::string where, listen_options how)
{
    auto bound = co_await try_bind_udp(std::move(where), how);
    if (!bound)
        throw failure{std::move(bound).error()};
    co_return std::move(*bound);
}

task<> worker::send(message what) { co_await send_to(0, std::move(what)); }

task<> worker::send_to(std::uint32_t id, message what)
{
    auto sent = co_await try_send_to(id, std::move(what));
    if (!sent)
        throw failure{std::move(sent).error()};
}

task<result<>> worker::try_send_to(std::uint32_t id, message what)
{
    co_return co_await core_.primary().send(id, std::move(what));
}

task<message> worker::request(message what, nanoseconds deadline)
{
    co_return co_await request_of(0, std::move(what), deadline);
}

task<message> worker::request_of(std::uint32_t id, message what, nanoseconds deadline)
{
    auto answer = co_await core_.primary().request(id, std::move(what), deadline);
    if (!answer)
        throw failure{std::move(answer).error()};
    co_return std::move(*answer);
}

task<> worker::broadcast(message what)
{
    auto sent = co_await core_.primary().broadcast(std::move(what));
    if (!sent)
        throw failure{std::move(sent).error()};
}

void worker::on_message(std::move_only_function<void(message&)> take)
{
    core_.primary().on_message(
        [take = std::move(take)](std::uint32_t, message& what) mutable { take(what); });
}

void worker::on_message(std::move_only_function<void(std::uint32_t, message&)> take)
{
    core_.primary().on_message(std::move(take));
}

void worker::on_request(std::move_only_function<task<message>(std::uint32_t, message)> answer)
{
    core_.primary().on_request(std::move(answer));
}

void worker::on_disconnect(std::move_only_function<void()> hear)
{
    core_.on_disconnect(std::move(hear));
}

void worker::on_stop(std::move_only_function<void()> hear) { core_.on_stop(std::move(hear)); }
task<> worker::until_stopping() { return core_.until_stopping(); }
task<> worker::until_drained() { return core_.until_drained(); }
void worker::disconnect() { core_.leave(); }

task<> worker::quit(int code)
{
    core_.quit(code);
    // Deadline: none, the process ends before this does.
    asio::steady_timer never{core_.loop(), asio::steady_timer::time_point::max()};
    co_await never.async_wait(use_tuple);
}

void worker::drop_channel() { core_.hang_up(); }

void worker::on_drain(std::move_only_function<task<>(nanoseconds)> finish)
{
    core_.on_drain(std::move(finish));
}

}  // namespace cohort
