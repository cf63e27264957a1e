#include <cohort/net/uptake.hpp>

#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

using namespace cohort;

TEST_CASE("a reader that takes something is seen before the socket can be written to")
{
    int ends[2] = {};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    const unique_fd writer{ends[0]};
    const unique_fd reader{ends[1]};
    const std::string piece(4096, 'x');
    while (::send(writer.borrow(), piece.data(), piece.size(), MSG_NOSIGNAL) > 0) {
    }
    net::uptake seen;
    CHECK_FALSE(seen.went_on(writer.borrow()));  // the first look knows nothing yet
    CHECK_FALSE(seen.went_on(writer.borrow()));
    std::string taken(piece.size() * 2, '\0');
    REQUIRE(::recv(reader.borrow(), taken.data(), taken.size(), 0) > 0);
    CHECK(seen.went_on(writer.borrow()));
    CHECK_FALSE(seen.went_on(writer.borrow()));
    CHECK_FALSE(seen.went_on(-1));
}

TEST_CASE("what a reader takes is counted in bytes, whether or not more was given meanwhile")
{
    const unique_fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t length = sizeof address;
    REQUIRE(::bind(listener.borrow(), generic, length) == 0);
    REQUIRE(::listen(listener.borrow(), 1) == 0);
    REQUIRE(::getsockname(listener.borrow(), generic, &length) == 0);
    const unique_fd reader{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    constexpr int small = 4096;
    REQUIRE(::setsockopt(reader.borrow(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
    REQUIRE(::connect(reader.borrow(), generic, length) == 0);
    const unique_fd writer{
        ::accept4(listener.borrow(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};

    std::uint64_t given = 0;
    const std::string piece(4096, 'x');
    const auto fill = [&] {
        for (ssize_t put = 0; put >= 0;) {
            put = ::send(writer.borrow(), piece.data(), piece.size(), MSG_NOSIGNAL);
            given += put > 0 ? static_cast<std::uint64_t>(put) : 0;
        }
    };
    fill();
    net::uptake seen;
    CHECK(seen.taken(writer.borrow(), given) == 0);  // the first look knows nothing yet
    std::uint64_t taken = 0;
    std::string some(65'536, '\0');
    for (std::uint64_t read = 0; read < 500'000;) {
        const ssize_t got = ::recv(reader.borrow(), some.data(), some.size(), 0);
        REQUIRE(got > 0);
        read += static_cast<std::uint64_t>(got);
        fill();
        taken += seen.taken(writer.borrow(), given);
    }
    CHECK(taken >= 300'000);  // a window's worth may not be acknowledged yet
    CHECK(taken <= given);
    CHECK(net::uptake{}.taken(-1, 5) == 0);
}
