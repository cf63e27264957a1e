#include <cohort/net/tcp_address.hpp>

#include <doctest/doctest.h>

using cohort::net::tcp_address;

TEST_CASE("an address is one of TCP with a port")
{
    CHECK(tcp_address("127.0.0.1:9000"));
    CHECK(tcp_address("tcp://[::1]:9000"));
    for (const char* const wrong : {"nonsense", "unix:/tmp/x", "udp://127.0.0.1:1", "127.0.0.1:0",
                                    "tls://127.0.0.1:9000", "fd:3", ""})
    {
        CAPTURE(wrong);
        CHECK_FALSE(tcp_address(wrong));
    }
}
