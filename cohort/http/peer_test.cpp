#include <cohort/http/peer.hpp>

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using cohort::http::peer;
using cohort::http::peer_lookup;

namespace {

/// sockets speak of every address as a sockaddr
template <class Address>
peer peer_of(const Address& address)
{
    return peer::of(static_cast<const sockaddr*>(static_cast<const void*>(&address)),
                    sizeof address);
}

}  // namespace

TEST_CASE("a peer says who it is in the words of its address family")
{
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(4711);
    ::inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
    CHECK(peer_of(v4).address() == "192.0.2.1");
    CHECK(peer_of(v4).text() == "192.0.2.1:4711");

    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(80);
    ::inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
    CHECK(peer_of(v6).text() == "[2001:db8::1]:80");
    CHECK(peer_of(v6).port() == 80);

    ::inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6.sin6_addr);
    CHECK(peer_of(v6).text() == "192.0.2.1:80");
}

TEST_CASE("a lookup asks when it must, and not after its connection was closed")
{
    peer_lookup never{-2};
    never.close();
    CHECK(never.get() == peer::unknown());
    CHECK(peer::unknown().text() == "unknown");
    CHECK(peer::unknown().port() == 0);
    CHECK(peer::unknown() != peer{});
    peer_lookup known{peer{}};
    known.close();
    CHECK(known.get() == peer{});

    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    peer_lookup local{ends[0]};
    CHECK(local.get() == peer::own());
    ::close(ends[0]);
    ::close(ends[1]);
    local.close();
    CHECK(local.get() == peer::own());
}

TEST_CASE(
    "a pair that was made here is told from a client of a Unix socket, which has no name either")
{
    CHECK(peer::own().is_own());
    CHECK(peer::own().text() == "local");
    CHECK_FALSE(peer{}.is_own());

    sockaddr_un address{};
    address.sun_family = AF_UNIX;  // and nothing more: the kernel draws an abstract name
    const int door = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
    REQUIRE(::bind(door, generic, sizeof(sa_family_t)) == 0);
    REQUIRE(::listen(door, 1) == 0);
    socklen_t length = sizeof address;
    REQUIRE(::getsockname(door, generic, &length) == 0);
    const int caller = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::connect(caller, generic, length) == 0);
    const int accepted = ::accept(door, nullptr, nullptr);
    REQUIRE(accepted != -1);
    CHECK(peer_lookup{accepted}.get() == peer{});
    CHECK_FALSE(peer_lookup{accepted}.get().is_own());
    for (const int each : {door, caller, accepted})
        ::close(each);
}

TEST_CASE("a peer without an address is local")
{
    sockaddr_un somewhere{};
    somewhere.sun_family = AF_UNIX;
    CHECK(peer_of(somewhere) == peer{});
    CHECK(peer::of(nullptr, 0) == peer{});
    CHECK(peer{}.text() == "local");
    CHECK(peer{}.port() == 0);

    sockaddr_in cut{};
    cut.sin_family = AF_INET;
    CHECK(peer::of(static_cast<const sockaddr*>(static_cast<const void*>(&cut)), 4) == peer{});
}
