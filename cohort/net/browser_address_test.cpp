#include <cohort/net/browser_address.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::net;

namespace {

std::string shown(const std::string& listens)
{
    return browser_address(endpoint::parse(listens).value()).value_or("none");
}

}  // namespace

TEST_CASE("a browser is sent where it can go")
{
    CHECK(shown("127.0.0.1:9464") == "http://127.0.0.1:9464/");
    CHECK(shown("[::1]:9464") == "http://[::1]:9464/");
    CHECK(shown("[::]:9464") == "http://localhost:9464/");
    CHECK(shown("0.0.0.0:80") == "http://localhost:80/");
    CHECK(shown("9464") == "http://localhost:9464/");
    CHECK(shown("127.0.0.1:0") == "none");
    CHECK(shown("unix:/run/a.sock") == "none");
}

TEST_CASE("what only this machine reaches is told from what others reach, too")
{
    for (const char* each : {"127.0.0.1", "127.8.0.1", "localhost", "::1"})
        CHECK(is_own_address(each));
    for (const char* each : {"0.0.0.0", "::", "*", "10.0.0.1", "example.org", "1.127.0.0", ""})
        CHECK_FALSE(is_own_address(each));
}
