#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

using namespace cohort;

namespace {

bool open_now(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

unique_fd some_file() { return unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

}  // namespace

TEST_CASE("a descriptor is closed when its owner goes, once")
{
    int number = -1;
    {
        unique_fd first = some_file();
        number = first.borrow();
        const unique_fd second = std::move(first);
        CHECK_FALSE(first.valid());
        CHECK(second.borrow() == number);
        CHECK(open_now(number));
    }
    CHECK_FALSE(open_now(number));
}

TEST_CASE("a released descriptor is the caller's to close")
{
    unique_fd owner = some_file();
    const int number = owner.release();
    CHECK_FALSE(owner.valid());
    CHECK(open_now(number));
    ::close(number);
}

TEST_CASE("a duplicate is close-on-exec and never a standard stream")
{
    const unique_fd file = some_file();
    const auto copy = duplicate(file);
    REQUIRE(copy);
    CHECK(copy->borrow() > 2);
    CHECK((::fcntl(copy->borrow(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("duplicating a closed number is a fault with its errno and the number")
{
    const auto copy = duplicate(1'000'000);
    REQUIRE_FALSE(copy);
    CHECK(copy.error().why().value() == EBADF);
    CHECK(copy.error().text() == "duplicate descriptor 1000000: Bad file descriptor");
}
