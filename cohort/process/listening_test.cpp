#include <cohort/process/listening.hpp>

#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

using namespace cohort;
using namespace cohort::process;

namespace {

constexpr std::string_view tcp_table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "4711 1 0000000000000000 100 0 0 10 0\n"
    "   1: 0100007F:1F90 0100007F:A0B0 01 00000000:00000000 00:00000000 00000000     0        0 "
    "4712 1 0000000000000000 100 0 0 10 0\n"
    "   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "4713 1 0000000000000000 100 0 0 10 0\n"
    "   nonsense\n";

}  // namespace

TEST_CASE("the kernel's table says which sockets listen, and on which port")
{
    CHECK(listening_tcp(tcp_table, 8080) == std::vector<std::uint64_t>{4711});
    CHECK(listening_tcp(tcp_table, std::nullopt) == std::vector<std::uint64_t>{4711, 4713});
    CHECK(listening_tcp(tcp_table, 8081).empty());
    CHECK(listening_tcp("", 8080).empty());
}

TEST_CASE("the kernel's table says which connection is whose, and which one nobody has accepted")
{
    CHECK(connected_tcp(tcp_table, {.here = 8080, .there = 0xA0B0}) == 4712);
    CHECK(connected_tcp(tcp_table, {.here = 0xA0B0, .there = 8080}) == std::nullopt);
    CHECK(connected_tcp(tcp_table, {.here = 80, .there = 0}) == std::nullopt);  // it listens
    constexpr std::string_view waiting = "   0: 0100007F:1F90 0100007F:A0B0 01 00000000:00000000 "
                                         "00:00000000 00000000     0        0 "
                                         "0 1 0000000000000000 100 0 0 10 0\n";
    CHECK(connected_tcp(waiting, {.here = 8080, .there = 0xA0B0}) == 0);
}

TEST_CASE("Unix sockets are told apart by what they do and by their whole path")
{
    constexpr std::string_view table =
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 21 /run/my app.sock\n"
        "0000000000000000: 00000003 00000000 00000000 0001 03 22 /run/my app.sock\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 23 @name\n"
        "0000000000000000: 00000003 00000000 00000000 0001 03 24\n";
    CHECK(listening_unix(table, "/run/my app.sock") == std::vector<std::uint64_t>{21});
    CHECK(listening_unix(table, "@name") == std::vector<std::uint64_t>{23});
    CHECK(listening_unix(table, "/run/my").empty());
}

TEST_CASE("a process that listens is found, and one that does not is not")
{
    const unique_fd door{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    REQUIRE(::bind(door.borrow(), address, length) == 0);
    REQUIRE(::getsockname(door.borrow(), address, &length) == 0);
    const listening_place here{ntohs(at.sin_port), {}};
    CHECK_FALSE(family_listens(::getpid(), here));  // bound, but not listening
    REQUIRE(::listen(door.borrow(), 1) == 0);
    CHECK(family_listens(::getpid(), here));
    // Somebody else has no such socket: our parent's family has, since we are of it.
    CHECK(family_listens(::getppid(), here));
    CHECK_FALSE(family_listens(::getpid(), {1, {}}));
}
