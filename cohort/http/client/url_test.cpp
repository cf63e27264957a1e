#include <cohort/http/client/url.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http;

TEST_CASE("an address has a host, a port and a target")
{
    const auto plain = parse_url("http://Example.org");
    REQUIRE(plain);
    CHECK(plain->host == "example.org");
    CHECK(plain->port == 80);
    CHECK(plain->target == "/");
    CHECK(plain->authority() == "example.org");
    CHECK(plain->origin() == "http://example.org:80");

    const auto full = parse_url("HTTPS://example.org:8443/a%20b?c=d/?#fragment");
    REQUIRE(full);
    CHECK(full->how == url::scheme::https);
    CHECK(full->port == 8443);
    CHECK(full->target == "/a%20b?c=d/?");
    CHECK(full->authority() == "example.org:8443");
    CHECK(parse_url("https://example.org:443/")->authority() == "example.org");
    CHECK(parse_url("http://h?q")->target == "/?q");

    const auto six = parse_url("http://[::1]:8080/x");
    REQUIRE(six);
    CHECK(six->host == "::1");
    CHECK(six->authority() == "[::1]:8080");
}

TEST_CASE("what could mean something else is no address")
{
    for (const char* const bad : {"",
                                  "example.org",
                                  "ftp://example.org",
                                  "http://",
                                  "http:///a",
                                  "http://user@host/",
                                  "http://user:password@host/",
                                  "http://host:0/",
                                  "http://host:65536/",
                                  "http://host:x/",
                                  "http://host:/",
                                  "http://host/a b",
                                  "http://host/\r\nX: y",
                                  "http://host/\\evil",
                                  "http://host/%",
                                  "http://host/%g0",
                                  "http://ho st/",
                                  "http://[::1/",
                                  "http://host/ä",
                                  "http://%41/",
                                  "//host/",
                                  "http:/host"})
    {
        CAPTURE(bad);
        const auto read = parse_url(bad);
        REQUIRE_FALSE(read);
        CHECK(read.error().why() == errc::bad_value);
    }
    CHECK_FALSE(parse_url("http://" + std::string(254, 'h') + "/"));
}
