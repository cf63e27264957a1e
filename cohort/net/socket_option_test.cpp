#include <cohort/net/socket_option.hpp>

#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

using namespace cohort;
using namespace cohort::net;

TEST_CASE("a socket tells its options, and anything else tells none")
{
    const unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(socket.valid());
    CHECK(socket_option(socket.borrow(), SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
    CHECK(socket_option(socket.borrow(), SOL_SOCKET, SO_ACCEPTCONN) == 0);
    REQUIRE(::listen(socket.borrow(), 1) == 0);
    CHECK(socket_option(socket.borrow(), SOL_SOCKET, SO_ACCEPTCONN) == 1);

    const unique_fd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    CHECK(socket_option(file.borrow(), SOL_SOCKET, SO_TYPE) == -1);
    CHECK(cookie_of(file.borrow()) == 0);
}

TEST_CASE("a socket's cookie is its own, under whatever number")
{
    const unique_fd one{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const unique_fd other{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const unique_fd again{::fcntl(one.borrow(), F_DUPFD_CLOEXEC, 0)};
    CHECK(cookie_of(one.borrow()) != 0);
    CHECK(cookie_of(one.borrow()) == cookie_of(again.borrow()));
    CHECK(cookie_of(one.borrow()) != cookie_of(other.borrow()));
}

TEST_CASE("a socket that is reset when closed does not linger")
{
    const unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    reset_when_closed(socket.borrow());
    linger how{};
    socklen_t size = sizeof how;
    REQUIRE(::getsockopt(socket.borrow(), SOL_SOCKET, SO_LINGER, &how, &size) == 0);
    CHECK(how.l_onoff != 0);
    CHECK(how.l_linger == 0);
}

TEST_CASE("a silent client is asked twice a minute whether it is there")
{
    const unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    CHECK(socket_option(socket.borrow(), SOL_SOCKET, SO_KEEPALIVE) == 0);
    ask_whether_there(socket.borrow());
    CHECK(socket_option(socket.borrow(), SOL_SOCKET, SO_KEEPALIVE) == 1);
    CHECK(socket_option(socket.borrow(), IPPROTO_TCP, TCP_KEEPIDLE) == 30);
    CHECK(socket_option(socket.borrow(), IPPROTO_TCP, TCP_KEEPINTVL) == 30);
    CHECK(socket_option(socket.borrow(), IPPROTO_TCP, TCP_KEEPCNT) == 4);
}

TEST_CASE("a listening socket tells how many wait in front of it, and nothing else does")
{
    const unique_fd door{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(door.valid());
    CHECK_FALSE(accept_queue_of(door.borrow()));
    REQUIRE(::listen(door.borrow(), 7) == 0);
    const auto empty = accept_queue_of(door.borrow());
    REQUIRE(empty);
    CHECK(empty->waiting == 0);
    CHECK(empty->room == 7);
    sockaddr_in where{};
    socklen_t length = sizeof where;
    REQUIRE(::getsockname(door.borrow(), reinterpret_cast<sockaddr*>(&where), &length) == 0);
    const unique_fd caller{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    where.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(caller.borrow(), reinterpret_cast<sockaddr*>(&where), length) == 0);
    CHECK(accept_queue_of(door.borrow())->waiting == 1);
    CHECK_FALSE(accept_queue_of(caller.borrow()));
    const unique_fd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    CHECK_FALSE(accept_queue_of(file.borrow()));
}
