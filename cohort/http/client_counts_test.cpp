#include <cohort/http/client_counts.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort::http;

namespace {

ip_address at(const char* text) { return *ip_address::parse(text); }

}  // namespace

TEST_CASE("a client has room until it has as many connections as it may have")
{
    client_counts counts{2, {}};
    const ip_address ada = at("192.0.2.1");
    CHECK(counts.has_room(ada));
    auto* const first = counts.enter(ada);
    auto* const second = counts.enter(ada);
    CHECK(first == second);
    CHECK_FALSE(counts.has_room(ada));
    CHECK(counts.has_room(at("192.0.2.2")));
    CHECK(counts.connections_of(ada) == 2);
    counts.leave(first);
    CHECK(counts.has_room(ada));
}

TEST_CASE("who goes on with a connection enters although there is no room")
{
    client_counts counts{1, {}};
    const ip_address ada = at("192.0.2.1");
    auto* const one = counts.enter(ada);
    static_cast<void>(counts.enter(ada));
    CHECK(counts.connections_of(ada) == 2);
    counts.leave(one);
    CHECK_FALSE(counts.has_room(ada));
    counts.leave(one);
    CHECK(counts.has_room(ada));
}

TEST_CASE("there is an entry for each client that is here, and none for those who have left")
{
    client_counts counts{5, {}};
    std::vector<client_counts::entry*> here;
    for (int client = 0; client < 1000; ++client) {
        const std::string text =
            "10." + std::to_string(client / 250) + ".0." + std::to_string(client % 250);
        here.push_back(counts.enter(at(text.c_str())));
    }
    CHECK(counts.clients() == 1000);
    for (auto* each : here)
        counts.leave(each);
    CHECK(counts.clients() == 0);
}

TEST_CASE("all addresses of an IPv6 /56 are one client, and IPv4 written as IPv6 is IPv4")
{
    client_counts counts{1, {}};
    static_cast<void>(counts.enter(at("2001:db8:0:aa00::1")));
    CHECK_FALSE(counts.has_room(at("2001:db8:0:aaff:1:2:3:4")));
    CHECK(counts.has_room(at("2001:db8:0:ab00::1")));
    static_cast<void>(counts.enter(at("::ffff:192.0.2.1")));
    CHECK_FALSE(counts.has_room(at("192.0.2.1")));
    CHECK(counts.has_room(at("192.0.2.0")));
}

TEST_CASE("who has no address, or is in one of the ranges, is not counted")
{
    client_counts counts{1, nearby_ranges()};
    for (const ip_address& who : {at("127.0.0.1"), at("10.1.2.3"), at("fd00::1"), at("::1"),
                                  ip_address{}, ip_address::unknown()})
    {
        CHECK(counts.enter(who) == nullptr);
        CHECK(counts.enter(who) == nullptr);
        CHECK(counts.has_room(who));
    }
    CHECK(counts.clients() == 0);
    counts.leave(nullptr);
    CHECK(counts.enter(at("192.0.2.1")) != nullptr);
}

TEST_CASE("without a limit nobody is counted")
{
    client_counts counts{0, {}};
    CHECK_FALSE(counts.on());
    CHECK(counts.enter(at("192.0.2.1")) == nullptr);
    CHECK(counts.has_room(at("192.0.2.1")));
}
