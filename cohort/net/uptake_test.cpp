#include <cohort/net/uptake.hpp>

#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

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
