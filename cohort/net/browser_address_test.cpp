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
