#include <cohort/http/peer.hpp>

#include <fmt/format.h>

#include <cstring>
#include <span>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>

namespace cohort::http {

static_assert(sizeof(peer) == 20);

peer peer::of(const sockaddr* address, std::size_t length) noexcept
{
    peer who;
    if (address == nullptr || length < sizeof(sa_family_t))
        return who;
    const auto octets_of = [](const auto& field) {
        return std::span{reinterpret_cast<const unsigned char*>(&field), sizeof field};
    };
    if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
        sockaddr_in v4;
        std::memcpy(&v4, address, sizeof v4);
        who.ip_ = ip_address::from_octets(octets_of(v4.sin_addr));
        who.port_ = ntohs(v4.sin_port);
    } else if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
        sockaddr_in6 v6;
        std::memcpy(&v6, address, sizeof v6);
        who.ip_ = ip_address::from_octets(octets_of(v6.sin6_addr));
        who.port_ = ntohs(v6.sin6_port);
    }
    return who;
}

peer peer::unknown() noexcept
{
    peer who;
    who.ip_ = ip_address::unknown();
    return who;
}

peer peer::own() noexcept
{
    peer who;
    who.own_ = true;
    return who;
}

std::string peer::text() const
{
    if (!ip_.is_ip())
        return address();
    return ip_.is_v4() ? fmt::format("{}:{}", address(), port_)
                       : fmt::format("[{}]:{}", address(), port_);
}

void peer_lookup::find() noexcept
{
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    // A TCP client that has reset its connection is forgotten by the kernel, though what it sent
    // before can still be read.
    const int asked = std::exchange(connection_, -1);
    if (::getpeername(asked, generic, &length) != 0)
        known_ = peer::unknown();
    else if (address.ss_family == AF_UNIX && is_own_pair(asked))
        known_ = peer::own();
    else
        known_ = peer::of(generic, length);
}

void peer_lookup::close() noexcept
{
    if (std::exchange(connection_, -1) != -1)
        known_ = peer::unknown();
}

bool is_own_pair(int socket) noexcept
{
    sockaddr_storage name{};
    socklen_t length = sizeof name;
    return ::getsockname(socket, reinterpret_cast<sockaddr*>(&name), &length) == 0 &&
           name.ss_family == AF_UNIX && length == sizeof(sa_family_t);
}

}  // namespace cohort::http
