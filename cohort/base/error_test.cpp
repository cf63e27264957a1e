#include <cohort/base/error.hpp>

#include <cohort/base/try.hpp>

#include <doctest/doctest.h>

#include <memory>

using namespace cohort;

namespace {

result<std::unique_ptr<int>> make(int value)
{
    if (value < 0)
        return failed(errc::bad_value, "make number", "-1");
    return std::make_unique<int>(value);
}

result<> check(int value)
{
    if (value > 10)
        return failed(errc::too_large, "check number");
    return {};
}

result<int> make_and_check(int value)
{
    COHORT_TRY(auto made, make(value));
    COHORT_TRY(check(*made));
    return *made;
}

}  // namespace

TEST_CASE("TRY hands on the value, or returns the failure untouched")
{
    CHECK(make_and_check(3) == 3);
    CHECK(make_and_check(-1).error().text() == "make number -1: not an allowed value");
    CHECK(make_and_check(11).error().why() == errc::too_large);
}

TEST_CASE("a fault keeps the errno it was made from")
{
    errno = EADDRINUSE;
    const std::unexpected<fault> bad = failed("bind listener", "0.0.0.0:80");
    CHECK(bad.error().why().value() == EADDRINUSE);
    CHECK(bad.error().text() == "bind listener 0.0.0.0:80: Address already in use");
}

TEST_CASE("every reason of our own has words")
{
    for (int code = 1; code <= static_cast<int>(errc::not_supported); ++code)
        CHECK(make_error_code(static_cast<errc>(code)).message() != "unknown reason");
}
