#include <cohort/net/socket_address.hpp>

#include <cohort/net/socket_option.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace cohort::net {

namespace {

using family = endpoint::family;

template <class Sockaddr>
Sockaddr& as(socket_address& address) noexcept
{
    static_assert(sizeof(Sockaddr) <= sizeof(sockaddr_storage));
    return reinterpret_cast<Sockaddr&>(address.storage);
}

template <class Sockaddr>
const Sockaddr& as(const socket_address& address) noexcept
{
    return reinterpret_cast<const Sockaddr&>(address.storage);
}

socket_address v4(const in_addr& host, std::uint16_t port) noexcept
{
    socket_address made;
    auto& in = as<sockaddr_in>(made);
    in.sin_family = AF_INET;
    in.sin_addr = host;
    in.sin_port = htons(port);
    made.length = sizeof(sockaddr_in);
    return made;
}

socket_address v6(const in6_addr& host, std::uint16_t port, std::uint32_t zone) noexcept
{
    socket_address made;
    auto& in = as<sockaddr_in6>(made);
    in.sin6_family = AF_INET6;
    in.sin6_addr = host;
    in.sin6_port = htons(port);
    in.sin6_scope_id = zone;
    made.length = sizeof(sockaddr_in6);
    return made;
}

result<socket_address> internet_address(const endpoint& where)
{
    if (where.host() == "*")
        return v6(in6addr_any, where.port(), 0);

    in_addr host4{};
    if (::inet_pton(AF_INET, where.host().c_str(), &host4) == 1)
        return v4(host4, where.port());

    const std::size_t percent = where.host().find('%');
    in6_addr host6{};
    if (::inet_pton(AF_INET6, where.host().substr(0, percent).c_str(), &host6) != 1)
        return failed(errc::bad_value, "read the address of", where.text());
    std::uint32_t zone = 0;
    if (percent != std::string::npos) {
        zone = ::if_nametoindex(where.host().substr(percent + 1).c_str());
        if (zone == 0)
            return failed("find the interface of", where.text());
    }
    return v6(host6, where.port(), zone);
}

socket_address unix_address(const endpoint& where)
{
    socket_address made;
    auto& un = as<sockaddr_un>(made);
    un.sun_family = AF_UNIX;
    const std::string& name = where.path();
    const std::size_t skip = where.kind() == family::unix_abstract ? 1 : 0;
    // parse() bounds the name; one made from parts is cut rather than overrun.
    const std::size_t bytes = std::min(name.size(), endpoint::unix_path_bytes_max);
    std::memcpy(un.sun_path + skip, name.data(), bytes);
    // A path is counted with its closing zero, an abstract name with its leading one.
    made.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + bytes + 1);
    return made;
}

endpoint from_v6(const sockaddr_in6& in, family kind)
{
    std::array<char, INET6_ADDRSTRLEN> printed{};
    if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
        ::inet_ntop(AF_INET, &in.sin6_addr.s6_addr[12], printed.data(), printed.size());
        return endpoint::internet(kind, printed.data(), ntohs(in.sin6_port));
    }
    ::inet_ntop(AF_INET6, &in.sin6_addr, printed.data(), printed.size());
    std::string host{printed.data()};
    std::array<char, IF_NAMESIZE> zone{};
    if (in.sin6_scope_id != 0 && ::if_indextoname(in.sin6_scope_id, zone.data()) != nullptr)
        host += fmt::format("%{}", zone.data());
    return endpoint::internet(kind, std::move(host), ntohs(in.sin6_port));
}

endpoint from_unix(const sockaddr_un& un, socklen_t length)
{
    constexpr std::size_t head = offsetof(sockaddr_un, sun_path);
    if (length <= head)
        return endpoint::unix_socket(family::unix_path, {});  // never bound: most clients
    const std::size_t bytes = length - head;
    if (un.sun_path[0] == '\0')
        return endpoint::unix_socket(family::unix_abstract, {un.sun_path + 1, bytes - 1});
    return endpoint::unix_socket(family::unix_path, {un.sun_path, ::strnlen(un.sun_path, bytes)});
}

}  // namespace

result<socket_address> to_socket_address(const endpoint& where)
{
    switch (where.kind()) {
        case family::tcp:
        case family::udp:
            return internet_address(where);
        case family::unix_path:
        case family::unix_abstract:
            return unix_address(where);
        case family::descriptor:
            break;
    }
    return failed(errc::bad_value, "find the address of", where.text());
}

endpoint to_endpoint(const socket_address& address, int type)
{
    const family kind = type == SOCK_DGRAM ? family::udp : family::tcp;
    switch (address.family()) {
        case AF_INET: {
            const auto& in = as<sockaddr_in>(address);
            std::array<char, INET_ADDRSTRLEN> printed{};
            ::inet_ntop(AF_INET, &in.sin_addr, printed.data(), printed.size());
            return endpoint::internet(kind, printed.data(), ntohs(in.sin_port));
        }
        case AF_INET6:
            return from_v6(as<sockaddr_in6>(address), kind);
        case AF_UNIX:
            return from_unix(as<sockaddr_un>(address), address.length);
        default:
            return {};
    }
}

result<endpoint> local_endpoint(int socket)
{
    socket_address address;
    address.length = sizeof address.storage;
    auto* const raw = reinterpret_cast<sockaddr*>(&address.storage);
    if (::getsockname(socket, raw, &address.length) == -1)
        return failed("ask for the address of descriptor", fmt::format("{}", socket));

    endpoint found = to_endpoint(address, socket_option(socket, SOL_SOCKET, SO_TYPE));
    if (address.family() == AF_INET6 && found.host() == "::" &&
        socket_option(socket, IPPROTO_IPV6, IPV6_V6ONLY) == 0)
        return endpoint::internet(found.kind(), "*", found.port());
    return found;
}

result<endpoint> peer_endpoint(int socket)
{
    socket_address address;
    address.length = sizeof address.storage;
    auto* const raw = reinterpret_cast<sockaddr*>(&address.storage);
    if (::getpeername(socket, raw, &address.length) == -1)
        return failed("ask for the peer of descriptor", fmt::format("{}", socket));
    return to_endpoint(address, socket_option(socket, SOL_SOCKET, SO_TYPE));
}

}  // namespace cohort::net
