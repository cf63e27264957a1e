#include <cohort/http/host_name.hpp>

#include <doctest/doctest.h>

using namespace cohort::http;

TEST_CASE("a host is what stands before its port, colons in brackets aside")
{
    CHECK(host_without_port("a.example:8080") == "a.example");
    CHECK(host_without_port("a.example") == "a.example");
    CHECK(host_without_port("[::1]:80") == "[::1]");
    CHECK(host_without_port("[::1]") == "[::1]");
    CHECK(host_without_port(":80").empty());
    CHECK(host_without_port("").empty());
}
