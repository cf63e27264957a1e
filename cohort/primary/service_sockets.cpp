#include <cohort/primary/service_sockets.hpp>

#include <cohort/net/socket_address.hpp>
#include <cohort/observe/log.hpp>

#include <fmt/format.h>

#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace cohort::primary {

namespace {

constexpr std::string_view ours = "cohort.";
constexpr std::size_t name_bytes_max = 255;

/// Is it of the endpoint's kind, and bound there?
bool is_at(int fd, const net::endpoint& where)
{
    using family = net::endpoint::family;
    const bool internet = where.kind() == family::tcp || where.kind() == family::udp;
    if (internet && where.port() == 0)
        return false;
    int kind = 0;
    socklen_t length = sizeof kind;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &length) == -1 ||
        (kind == SOCK_DGRAM) != (where.kind() == family::udp))
        return false;
    const auto real = net::local_endpoint(fd);
    return real && *real == where;
}

/// A socket whose file is gone hears nobody any more.
bool can_be_reached(const net::endpoint& where)
{
    return where.kind() != net::endpoint::family::unix_path ||
           ::access(where.path().c_str(), F_OK) == 0;
}

}  // namespace

std::string socket_key::name() const
{
    std::string all{ours};
    for (const char c : asked.text()) {
        if (c > ' ' && c < '\x7f' && c != ':' && c != '%')
            all += c;
        else
            all += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    if (index != 0)
        all += fmt::format("#{}", index);
    return all.size() <= name_bytes_max ? all : std::string{};
}

std::optional<unique_fd> service_sockets::find(const socket_key& which,
                                               const net::listen_options& how)
{
    if (manager_.passed().empty() || how.reuse_port || !can_be_reached(which.asked))
        return std::nullopt;
    const std::string name = which.name();
    for (const auto& each : manager_.passed()) {
        const bool named = !name.empty() && each.name == name;
        const bool there = which.index == 0 && !wanted_.contains(each.number);
        if (!each.is_there() || !(named || (there && is_at(each.number, which.asked))))
            continue;
        auto socket = net::open_listener(net::endpoint::descriptor_number(each.number), how);
        if (!socket) {
            log::warn("cannot use socket {} ({}) of the service manager: {}; opening another",
                      each.number, each.name, socket.error().text());
            continue;
        }
        log::info("{} listens on the socket that the service manager kept ({})", which.asked.text(),
                  each.name.empty() ? "without a name" : each.name);
        wanted_.insert(each.number);
        return *std::move(socket);
    }
    return std::nullopt;
}

void service_sockets::keep(const socket_key& which, int fd)
{
    const std::string name = which.name();
    if (!manager_.listens())
        return;
    const auto stored = name.empty() ? failed(errc::too_large, "name") : manager_.store(name, fd);
    if (!stored)
        log::warn("the service manager will not keep {}: {}; a restart of the service closes it",
                  which.asked.text(), stored.error().text());
}

void service_sockets::forget(const socket_key& which)
{
    const std::string name = which.name();
    if (name.empty() || !manager_.listens())
        return;
    if (const auto forgotten = manager_.forget(name); !forgotten)
        log::warn("{}; {} may come back after a restart", forgotten.error().text(),
                  which.asked.text());
}

void service_sockets::give_up_the_rest()
{
    for (const auto& each : manager_.passed()) {
        if (wanted_.contains(each.number) || !each.is_there())
            continue;
        if (!each.name.starts_with(ours)) {
            log::warn("nobody listens on socket {} ({}) of the service manager; who connects there "
                      "waits",
                      each.number, each.name.empty() ? "without a name" : each.name);
            continue;
        }
        log::info("nobody listens on {} any more: it is closed", each.name);
        if (const auto forgotten = manager_.forget(each.name); !forgotten)
            log::warn("{}; it may come back after a restart", forgotten.error().text());
        ::close(each.number);
    }
}

}  // namespace cohort::primary
