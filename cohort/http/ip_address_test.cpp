#include <cohort/http/ip_address.hpp>

#include <cohort/http/peer.hpp>

#include <doctest/doctest.h>

#include <netinet/in.h>

using namespace cohort::http;

TEST_CASE("an address reads and prints the same, and IPv6 in its shortest form")
{
    CHECK(ip_address::parse("192.0.2.1")->text() == "192.0.2.1");
    CHECK(ip_address::parse("2001:DB8:0:0::1")->text() == "2001:db8::1");
    CHECK(ip_address::parse("192.0.2.1")->is_v4());
    CHECK(ip_address::parse("::1")->is_v6());
}

TEST_CASE("an IPv4 address mapped into IPv6 is that IPv4 address")
{
    CHECK(ip_address::parse("::ffff:192.0.2.1") == ip_address::parse("192.0.2.1"));
    CHECK(ip_address::parse("::ffff:c000:201") == ip_address::parse("192.0.2.1"));
    CHECK(ip_address::parse("::192.0.2.1")->is_v6());
}

TEST_CASE("what is only nearly an address is none")
{
    for (const char* text : {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.4 ", "[::1]",
                             "::1%eth0", "::1::", "localhost", "0x7f.1", "2130706433",
                             "1111:2222:3333:4444:5555:6666:7777:8888:9999"})
        CHECK_MESSAGE(!ip_address::parse(text), text);
    CHECK_FALSE(ip_address::parse(std::string_view{"1.2.3.4\0", 8}));
}

TEST_CASE("a Unix socket is local, and who left is unknown: not the same, and no addresses")
{
    CHECK(peer{}.ip() == ip_address{});
    CHECK(peer::unknown().ip() == ip_address::unknown());
    CHECK(ip_address{} != ip_address::unknown());
    CHECK(ip_address{}.text() == "local");
    CHECK(ip_address{}.octets().empty());
    CHECK_FALSE(ip_address::unknown().is_local());

    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto who = peer::of(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
    CHECK(who.ip().text() == "127.0.0.1");
}

TEST_CASE("a network is its addresses' first bits")
{
    const auto network = [](const char* text, unsigned bits) {
        return ip_address::parse(text)->network(bits).text();
    };
    CHECK(network("192.0.2.129", 24) == "192.0.2.0");
    CHECK(network("192.0.2.129", 25) == "192.0.2.128");
    CHECK(network("192.0.2.129", 32) == "192.0.2.129");
    CHECK(network("192.0.2.129", 0) == "0.0.0.0");
    CHECK(network("2001:db8:1:2fff::5", 52) == "2001:db8:1:2000::");
    CHECK(ip_address{}.network(8) == ip_address{});
}
