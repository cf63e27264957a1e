#include <cohort/worker/census.hpp>

#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

using namespace cohort;

namespace {

unique_fd a_socket()
{
    unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(fd.valid());
    return fd;
}

}  // namespace

TEST_CASE("a census counts the sockets that are still open")
{
    work::census c;
    auto a = a_socket();
    auto b = a_socket();
    c.add(a.borrow());
    c.add(b.borrow());
    CHECK(!c.look_at_all());
    CHECK(c.open() == 2);

    a.reset();
    CHECK(c.look_at_all());
    CHECK(c.open() == 1);
}

TEST_CASE("a number that was used again is not the socket we noted")
{
    work::census c;
    auto a = a_socket();
    const int number = a.borrow();
    c.add(number);
    a.reset();
    auto b = a_socket();
    REQUIRE(b.borrow() == number);

    CHECK(c.look_at_all());
    CHECK(c.open() == 0);
}

TEST_CASE("looking at a few at a time finds every gap in the end")
{
    work::census c;
    std::vector<unique_fd> all;
    for (int i = 0; i < 100; ++i) {
        all.push_back(a_socket());
        c.add(all.back().borrow());
    }
    all.resize(50);
    for (int i = 0; i < 40; ++i)
        c.look(4);
    CHECK(c.open() == 50);
}
