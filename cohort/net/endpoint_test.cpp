#include <cohort/net/endpoint.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using cohort::net::endpoint;
using family = endpoint::family;

TEST_CASE("a bare port means every address of this machine")
{
    const endpoint where = endpoint::parse("8080").value();
    CHECK(where.kind() == family::tcp);
    CHECK(where.host() == "*");
    CHECK(where.port() == 8080);
    CHECK(where.text() == "tcp://*:8080");
}

TEST_CASE("every form people write is read, and printed in one canonical form")
{
    const std::vector<std::pair<const char*, const char*>> pairs{
        {"0", "tcp://*:0"},
        {"65535", "tcp://*:65535"},
        {"*:80", "tcp://*:80"},
        {"127.0.0.1:8080", "tcp://127.0.0.1:8080"},
        {"localhost:8080", "tcp://127.0.0.1:8080"},
        {"[::1]:80", "tcp://[::1]:80"},
        {"[0:0:0::0001]:80", "tcp://[::1]:80"},
        {"[::ffff:10.0.0.1]:80", "tcp://[::ffff:10.0.0.1]:80"},
        {"[fe80::1%eth0]:80", "tcp://[fe80::1%eth0]:80"},
        {"tcp://0.0.0.0:1", "tcp://0.0.0.0:1"},
        {"tcp://[::]:1", "tcp://[::]:1"},
        {"tcp://9", "tcp://*:9"},
        {"tls://127.0.0.1:443", "tcp://127.0.0.1:443"},
        {"tls://[::1]:443", "tcp://[::1]:443"},
        {"udp://127.0.0.1:53", "udp://127.0.0.1:53"},
        {"udp://[::1]:53", "udp://[::1]:53"},
        {"unix:/run/app.sock", "unix:/run/app.sock"},
        {"unix:///run/app.sock", "unix:/run/app.sock"},
        {"unix:/run/x/../app.sock", "unix:/run/app.sock"},
        {"unix:@app", "unix:@app"},
        {"unix:@a b/c", "unix:@a b/c"},
        {"fd:3", "fd:3"},
        {"fd:0", "fd:0"},
    };
    for (const auto& [written, printed] : pairs) {
        CAPTURE(written);
        const auto where = endpoint::parse(written);
        REQUIRE(where);
        CHECK(where->text() == printed);
        CHECK(endpoint::parse(where->text()) == *where);
    }
}

TEST_CASE("a relative socket path is made absolute")
{
    const endpoint where = endpoint::parse("unix:app.sock").value();
    CHECK(where.kind() == family::unix_path);
    CHECK(where.path() == (std::filesystem::current_path() / "app.sock").string());
    CHECK(endpoint::parse("unix:./app.sock") == where);
}

TEST_CASE("a refusal quotes the text, says what is wrong and gives an example")
{
    const std::vector<std::pair<std::string, const char*>> pairs{
        {"", "it is empty"},
        {"65536", "a port is 0 to 65535"},
        {"-1", "examples are"},
        {"99999999999", "a port is 0 to 65535"},
        {"080", "a port is 0 to 65535"},
        {"127.0.0.1:", "a port is 0 to 65535"},
        {"127.0.0.1:http", "a port is 0 to 65535"},
        {"127.0.0.1:80/", "a port is 0 to 65535"},
        {"127.0.0.1: 80", "a port is 0 to 65535"},
        {"127.0.0.1", "this is no port and has none"},
        {"localhost", "this is no port and has none"},
        {":80", "the address is missing"},
        {"127.1:80", "the address is none"},
        {"0x7f.0.0.1:80", "the address is none"},
        {"127.0.0.256:80", "the address is none"},
        {"example.org:80", "the address is none"},
        {" 127.0.0.1:80", "the address is none"},
        {"::1:80", "IPv6 addresses stand in brackets"},
        {"[::1:80", "the bracket is never closed"},
        {"[::1]", "the port is missing"},
        {"[::1]80", "the port is missing"},
        {"[127.0.0.1]:80", "no IPv6 address is between"},
        {"[]:80", "no IPv6 address is between"},
        {"[fe80::1%]:80", "no IPv6 address is between"},
        {"[fe80::1%a b]:80", "no IPv6 address is between"},
        {"http://127.0.0.1:80", "only tcp://, tls://, udp://, unix: and fd: are known"},
        {"TCP://127.0.0.1:80", "only tcp://"},
        {"tcp://", "a port is 0 to 65535"},
        {"unix:", "the path is missing"},
        {"unix:/", "a socket is a file"},
        {"unix:/run/", "a socket is a file"},
        {"unix:@", "the name is missing"},
        {std::string{"unix:/a\0b", 9}, "zero byte"},
        {"fd:", "fd: wants the number"},
        {"fd:-1", "fd: wants the number"},
        {"fd:3x", "fd: wants the number"},
    };
    for (const auto& [written, why] : pairs) {
        CAPTURE(written);
        const auto where = endpoint::parse(written);
        REQUIRE_FALSE(where);
        CHECK(where.error().why() == cohort::errc::bad_value);
        CHECK(where.error().text().find(why) != std::string::npos);
    }
    CHECK(endpoint::parse("127.0.0.1:65536").error().text() ==
          "read an endpoint from \"127.0.0.1:65536\" (a port is 0 to 65535; an example is "
          "127.0.0.1:8080): not an allowed value");
}

TEST_CASE("a socket path may have 107 bytes, and the refusal of a longer one says so")
{
    CHECK(endpoint::parse("unix:/" + std::string(106, 'a')));
    const auto path = endpoint::parse("unix:/" + std::string(107, 'a'));
    REQUIRE_FALSE(path);
    CHECK(path.error().text().find("has 108 bytes and may have 107") != std::string::npos);

    CHECK(endpoint::parse("unix:@" + std::string(107, 'a')));
    CHECK_FALSE(endpoint::parse("unix:@" + std::string(108, 'a')));
}

TEST_CASE("a refusal shows control characters as question marks and cuts long texts")
{
    const std::string words = endpoint::parse("\x1b[31m\n" + std::string(5000, 'x')).error().text();
    CHECK(words.find("\"?[31m?xxx") != std::string::npos);
    CHECK(words.size() < 500);
}

TEST_CASE("what became of port 0 is the same endpoint with another port")
{
    const endpoint where = endpoint::parse("[::1]:0").value();
    CHECK(where.with_port(4711).text() == "tcp://[::1]:4711");
}
