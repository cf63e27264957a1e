#include <cohort/primary/shortage.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::primary;

TEST_CASE("what will be there again is a shortage, what is wrong is none")
{
    const auto& system = boost::system::system_category();
    for (const int lacking : {EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN})
        CHECK(is_shortage({lacking, system}));
    CHECK(is_shortage(errc::threads_running));
    for (const int wrong : {ENOENT, EACCES, EADDRINUSE, EADDRNOTAVAIL, EPERM})
        CHECK_FALSE(is_shortage({wrong, system}));
    CHECK_FALSE(is_shortage(errc::bad_value));
    // Of another category, the same number means something else.
    CHECK_FALSE(is_shortage({EMFILE, boost::system::generic_category()}));
}
