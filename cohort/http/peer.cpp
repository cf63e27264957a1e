#include <cohort/http/peer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace cohort::http {

peer peer::of(const sockaddr* address, std::size_t length) noexcept
{
    peer who;
    if (address == nullptr || length < sizeof(sa_family_t))
        return who;
    if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
        sockaddr_in v4;
        std::memcpy(&v4, address, sizeof v4);
        std::memcpy(who.bytes_.data(), &v4.sin_addr, sizeof v4.sin_addr);
        who.port_ = ntohs(v4.sin_port);
        who.family_ = family::v4;
    } else if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
        sockaddr_in6 v6;
        std::memcpy(&v6, address, sizeof v6);
        who.port_ = ntohs(v6.sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            std::memcpy(who.bytes_.data(), v6.sin6_addr.s6_addr + 12, 4);
            who.family_ = family::v4;
        } else {
            std::memcpy(who.bytes_.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
            who.family_ = family::v6;
        }
    }
    return who;
}

peer peer::unknown() noexcept
{
    peer who;
    who.family_ = family::unknown;
    return who;
}

std::string peer::address() const
{
    if (family_ == family::none)
        return "local";
    if (family_ == family::unknown)
        return "unknown";
    char words[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(family_ == family::v4 ? AF_INET : AF_INET6, bytes_.data(), words, sizeof words);
    return words;
}

std::string peer::text() const
{
    switch (family_) {
        case family::v4:
            return fmt::format("{}:{}", address(), port_);
        case family::v6:
            return fmt::format("[{}]:{}", address(), port_);
        case family::none:
        case family::unknown:
            break;
    }
    return address();
}

void peer_lookup::find() noexcept
{
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    // A TCP client that has reset its connection is forgotten by the kernel, though what it sent
    // before can still be read.
    const bool found = ::getpeername(std::exchange(connection_, -1), generic, &length) == 0;
    known_ = found ? peer::of(generic, length) : peer::unknown();
}

void peer_lookup::close() noexcept
{
    if (std::exchange(connection_, -1) != -1)
        known_ = peer::unknown();
}

}  // namespace cohort::http
