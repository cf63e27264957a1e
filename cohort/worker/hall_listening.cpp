// How a worker comes to listen: it asks its primary, who has the sockets.

#include <cohort/worker/hall.hpp>

#include <cohort/base/try.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/observe/log.hpp>

#include <utility>

namespace cohort::work {

std::uint32_t hall::index_of(const net::endpoint& where)
{
    if (where.port() != 0 || where.kind() != net::endpoint::family::tcp)
        return 0;
    zero_ports& of = zero_ports_[where.text()];
    ++of.open;
    if (of.given_back.empty())
        return of.next++;
    const std::uint32_t index = of.given_back.back();
    of.given_back.pop_back();
    return index;
}

void hall::attempt_failed(const net::endpoint& where, std::uint32_t index)
{
    const auto zero = zero_ports_.find(where.text());
    if (zero == zero_ports_.end())
        return;
    // The next attempt asks for the same port, or it would get one apart from its siblings.
    zero->second.given_back.push_back(index);
    if (--zero->second.open == 0)
        zero_ports_.erase(zero);
}

void hall::leave_endpoint(std::uint32_t number)
{
    ipc::unlisten words;
    words.endpoint = number;
    primary_.post(ipc::letter(ipc::kind::unlisten, ipc::encode(words)));
}

awaitable<result<ipc::envelope>> hall::ask(const net::endpoint& where,
                                           const net::listen_options& how, std::uint32_t index)
{
    ipc::listen_request request;
    request.where = where.text();
    request.backlog = how.backlog;
    request.v6_only = how.v6_only;
    request.reuse_port = how.reuse_port;
    request.unix_mode = how.unix_mode;
    request.index = index;
    for (;;) {
        const unsigned turn = primary_.turn();
        auto words = ipc::letter(ipc::kind::listen, ipc::encode(request));
        auto reply = co_await primary_.ask(std::move(words), "listen on");
        // The primary is dead, or died over it: its successor knows what it had opened, and finds
        // it again. A standby may have been born under one that nobody remembers.
        if (reply || reply.error().why() != errc::channel_closed || primary_.is_lost())
            co_return std::move(reply);
        co_await primary_.until_swapped(turn);
        if (primary_.turn() == turn)
            co_return std::move(reply);
    }
}

void hall::say_listening(const door& at) const
{
    const auto text = at.where().text();
    const log::field more[] = {{"endpoint", text}};
    const auto words = at.where().port() != 0
                           ? fmt::format("Worker {} listening on port {}", id_, at.where().port())
                           : fmt::format("Worker {} listening on {}", id_, text);
    log::write(log::level::info, words, more);
}

awaitable<result<std::shared_ptr<door>>> hall::listen(std::string where, net::listen_options how)
{
    COHORT_CO_TRY(const net::endpoint at, net::endpoint::parse(where));
    if (at.kind() == net::endpoint::family::udp)
        co_return failed(errc::bad_value, "listen on", where + " (datagrams: bind_udp)");
    if (closing_)
        co_return failed(errc::stopping, "listen on", where);
    if (how.exclusive || how.reuse_port)
        co_return listen_alone(at, how);

    const std::uint32_t index = index_of(at);
    auto reply = co_await ask(at, how, index);
    if (!reply) {
        attempt_failed(at, index);
        co_return std::unexpected(std::move(reply).error());
    }
    const auto answer = ipc::decode<ipc::listen_answer>(reply->body);
    if (!answer) {
        attempt_failed(at, index);
        co_return std::unexpected(answer.error());
    }
    auto real = net::endpoint::parse(answer->where);
    if (real && reply->cargo_lost != 0)
        real =
            std::unexpected(fault({EMFILE, boost::system::system_category()}, "listen on", where));
    if (!real) {
        // For the primary we listen there now.
        leave_endpoint(answer->endpoint);
        attempt_failed(at, index);
        co_return std::unexpected(std::move(real).error());
    }

    door::plan plan;
    plan.number = answer->endpoint;
    plan.where = *std::move(real);
    if (!reply->cargo.empty())
        plan.socket = std::move(reply->cargo.front());
    porter& here = *this;
    auto opened = std::make_shared<door>(executor_, poller_, here, std::move(plan));
    if (zero_ports_.contains(at.text()))
        zero_port_doors_[opened.get()] = at.text();
    add(opened);
    say_listening(*opened);
    co_return opened;
}

awaitable<result<>> hall::learn(std::string where)
{
    COHORT_CO_TRY(const net::endpoint at, net::endpoint::parse(where));
    const net::listen_options usual;
    auto reply = co_await ask(at, usual, 0);
    if (!reply)
        co_return std::unexpected(std::move(reply).error());
    COHORT_CO_TRY(const auto answer, ipc::decode<ipc::listen_answer>(reply->body));
    leave_endpoint(answer.endpoint);
    COHORT_CO_TRY(auto real, net::endpoint::parse(answer.where));
    endpoints_.emplace_back(answer.endpoint, std::move(real));
    co_return result<>{};
}

result<std::shared_ptr<door>> hall::listen_alone(const net::endpoint& where,
                                                 const net::listen_options& how)
{
    door::plan plan;
    COHORT_TRY(plan.socket, net::open_listener(where, how));
    COHORT_TRY(plan.where, net::local_endpoint(plan.socket.borrow()));
    porter& here = *this;
    auto opened = std::make_shared<door>(executor_, poller_, here, std::move(plan));
    add(opened);
    return opened;
}

awaitable<result<unique_fd>> hall::bind(std::string where, net::listen_options how)
{
    COHORT_CO_TRY(const net::endpoint at, net::endpoint::parse(where));
    const bool datagrams =
        at.kind() == net::endpoint::family::udp || at.kind() == net::endpoint::family::descriptor;
    if (!datagrams)
        co_return failed(errc::bad_value, "bind", where + " (for example udp://127.0.0.1:5353)");
    if (how.exclusive || how.reuse_port)
        co_return net::open_listener(at, how);

    datagram_sockets& of = datagrams_[at.text()];
    of.given.look_at_all();
    if (of.given.open() == 0 || at.port() != 0)
        of.next = 0;
    const std::uint32_t index = of.next++;
    COHORT_CO_TRY(auto reply, co_await ask(at, how, index));
    if (reply.cargo.empty())
        co_return std::unexpected(fault({EMFILE, boost::system::system_category()}, "bind", where));
    datagrams_[at.text()].given.add(reply.cargo.front().borrow());
    co_return std::move(reply.cargo.front());
}

}  // namespace cohort::work
