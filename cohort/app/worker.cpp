#include <cohort/app/worker.hpp>
#include <cohort/app/or_throw.hpp>
#include <cohort/base/try.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/worker/core.hpp>

#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace cohort {

namespace {

result<asio::ip::udp::socket> as_udp(asio::any_io_executor executor, unique_fd descriptor)
{
    sockaddr_storage where{};
    socklen_t length = sizeof where;
    if (::getsockname(descriptor.borrow(), reinterpret_cast<sockaddr*>(&where), &length) == -1)
        return failed("look at datagram socket");
    using asio::ip::udp;
    udp::socket socket{executor};
    error_code ec;
    socket.assign(where.ss_family == AF_INET6 ? udp::v6() : udp::v4(), descriptor.borrow(), ec);
    if (ec)
        return std::unexpected(fault(ec, "adopt datagram socket"));
    static_cast<void>(descriptor.release());
    return socket;
}

}  // namespace

worker::worker(work::core& core, const cohort::settings& chosen) noexcept
    : core_{core}, settings_{chosen}
{}

std::uint32_t worker::id() const noexcept { return core_.terms().id; }
std::uint32_t worker::slot() const noexcept { return core_.terms().slot; }
pid_t worker::pid() const noexcept { return ::getpid(); }
const std::string& worker::app() const noexcept { return core_.terms().app; }

worker_state worker::state() const noexcept
{
    if (!core_.connected())
        return worker_state::disconnected;
    if (stopping())
        return worker_state::disconnecting;
    return core_.doors().listens() ? worker_state::listening : worker_state::online;
}

bool worker::is_connected() const noexcept { return core_.connected(); }

asio::io_context& worker::loop() const noexcept { return core_.loop(); }
asio::any_io_executor worker::executor() const noexcept { return core_.loop().get_executor(); }
net::poller& worker::poller() const noexcept { return core_.poller(); }
void worker::spawn(task<> work) { core_.spawn(std::move(work)); }

task<listener> worker::listen(std::string where)
{
    listen_options usual;
    usual.backlog = static_cast<int>(settings_.backlog);
    co_return co_await listen(std::move(where), usual);
}

task<listener> worker::listen(std::string where, listen_options how)
{
    auto opened = co_await try_listen(std::move(where), how);
    co_return or_throw(std::move(opened));
}

task<result<listener>> worker::try_listen(std::string where)
{
    listen_options usual;
    usual.backlog = static_cast<int>(settings_.backlog);
    co_return co_await try_listen(std::move(where), usual);
}

task<result<listener>> worker::try_listen(std::string where, listen_options how)
{
    // Who asked for TLS and got none would send passwords for everybody to read.
    if (net::endpoint::speaks_tls(where))
        co_return failed(errc::not_supported, "speak TLS outside of cohort::serve on", where);
    COHORT_CO_TRY(auto at, co_await core_.doors().listen(std::move(where), how));
    co_return listener{std::move(at)};
}

task<asio::ip::udp::socket> worker::bind_udp(std::string where)
{
    const listen_options usual;
    co_return co_await bind_udp(std::move(where), usual);
}

task<asio::ip::udp::socket> worker::bind_udp(std::string where, listen_options how)
{
    auto bound = co_await try_bind_udp(std::move(where), how);
    co_return or_throw(std::move(bound));
}

task<result<asio::ip::udp::socket>> worker::try_bind_udp(std::string where, listen_options how)
{
    COHORT_CO_TRY(auto bound, co_await core_.doors().bind(std::move(where), how));
    co_return as_udp(executor(), std::move(bound));
}

task<> worker::send(message what)
{
    auto sent = co_await core_.primary().send(0, std::move(what));
    or_throw(std::move(sent));
}

task<> worker::send_to(std::uint32_t id, message what)
{
    auto sent = co_await core_.primary().send(id, std::move(what));
    or_throw(std::move(sent));
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
    co_return or_throw(std::move(answer));
}

task<> worker::broadcast(message what)
{
    auto sent = co_await core_.primary().broadcast(std::move(what));
    or_throw(std::move(sent));
}

void worker::on_message(std::move_only_function<void(message&)> take)
{
    core_.primary().on_message(
        [take = std::move(take)](std::uint32_t, message& what) mutable { take(what); });
}

void worker::on_message(std::move_only_function<void(std::uint32_t from, message&)> take)
{
    core_.primary().on_message(std::move(take));
}

void worker::on_request(std::move_only_function<task<message>(std::uint32_t from, message)> answer)
{
    core_.primary().on_request(std::move(answer));
}

void worker::on_disconnect(std::move_only_function<void()> hear)
{
    core_.on_disconnect(std::move(hear));
}

void worker::on_stop(std::move_only_function<void()> hear) { core_.on_stop(std::move(hear)); }

bool worker::stopping() const noexcept { return core_.stopping(); }

task<> worker::until_stopping() { return core_.until_stopping(); }

task<> worker::until_drained() { return core_.until_drained(); }

void worker::disconnect() { core_.leave(); }

task<> worker::quit(int code)
{
    core_.quit(code);
    // The loop ends now, and with it this process: nothing wakes us up again.
    wakeup never{executor()};
    co_await never.wait();
}

void worker::drop_channel() { core_.hang_up(); }

void worker::on_drain(std::move_only_function<task<>(nanoseconds budget)> finish)
{
    core_.on_drain(std::move(finish));
}

}  // namespace cohort
