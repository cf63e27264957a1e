#include <cohort/http/net_range.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort::http;

namespace {

bool has(std::string_view range, std::string_view address)
{
    return net_range::parse(range).value().contains(ip_address::parse(address).value());
}

}  // namespace

TEST_CASE("a range holds the addresses that begin with its bits, and no others")
{
    CHECK(has("10.0.0.0/8", "10.255.1.2"));
    CHECK_FALSE(has("10.0.0.0/8", "11.0.0.0"));
    CHECK(has("172.16.0.0/12", "172.31.255.255"));
    CHECK_FALSE(has("172.16.0.0/12", "172.32.0.0"));
    CHECK(has("192.0.2.7", "192.0.2.7"));
    CHECK_FALSE(has("192.0.2.7", "192.0.2.6"));
    CHECK(has("0.0.0.0/0", "1.2.3.4"));
    CHECK(has("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK_FALSE(has("2001:db8::/33", "2001:db8:8000::1"));
}

TEST_CASE("a range of one family holds no address of the other, but mapped ones are IPv4")
{
    CHECK_FALSE(has("0.0.0.0/0", "::1"));
    CHECK_FALSE(has("::/0", "1.2.3.4"));
    CHECK(has("10.0.0.0/8", "::ffff:10.1.2.3"));
    CHECK_FALSE(net_range::parse("0.0.0.0/0").value().contains(ip_address{}));
    CHECK_FALSE(net_range::parse("0.0.0.0/0").value().contains(ip_address::unknown()));
}

TEST_CASE("`local` is who has no address, and not who is unknown")
{
    const auto local = net_range::parse("local").value();
    CHECK(local.contains(ip_address{}));
    CHECK_FALSE(local.contains(ip_address::unknown()));
    CHECK_FALSE(local.contains(ip_address::parse("127.0.0.1").value()));
    CHECK(local.text() == "local");
}

TEST_CASE("a range with a mistake in it is refused, bits behind the prefix included")
{
    for (const char* text : {"", "10.0.0.0/33", "10.1.0.0/8", "::/129", "10.0.0.0/", "10.0.0.0/-1",
                             "10.0.0.0/8/8", "/8", "ten", "::ffff:10.0.0.0/104"})
        CHECK_MESSAGE(!net_range::parse(text), text);
}

TEST_CASE("words stand for several ranges, and a list with a mistake is none")
{
    const std::vector<std::string> words{"loopback", "private", "192.0.2.0/24"};
    const auto all = parse_ranges(words).value();
    for (const char* inside :
         {"127.0.0.1", "::1", "10.1.1.1", "192.168.3.4", "fd00::1", "192.0.2.9"})
        CHECK_MESSAGE(any_contains(all, ip_address::parse(inside).value()), inside);
    CHECK_FALSE(any_contains(all, ip_address::parse("8.8.8.8").value()));

    const std::vector<std::string> wrong{"loopback", "nowhere"};
    CHECK(parse_ranges(wrong).error().text().find("nowhere") != std::string::npos);
}
