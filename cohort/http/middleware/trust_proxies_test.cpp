#include <cohort/http/middleware/trust_proxies.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/detail/middleware_test.hpp>

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>

using namespace cohort::http;
using cohort::http::detail::around;

namespace {

peer peer_at(const char* address)
{
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(4711);
    REQUIRE(::inet_pton(AF_INET, address, &v4.sin_addr) == 1);
    return peer::of(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
}

/// "address port scheme host" of who is found for a connection from `address`.
std::string seen(hooks by, const char* address, std::string_view fields)
{
    around one;
    one.use(std::move(by));
    one.sees = [](const request& of) {
        const requester who = requester_of(of);
        return text(who.address.text() + " " + std::to_string(who.port) + " " +
                    std::string{text(who.scheme)} + " " + std::string{who.host});
    };
    peer_lookup from{peer_at(address)};
    const auto answer = one.send("GET /", fields, {}, {.top = {}, .from = &from});
    return answer.status() == 200 ? std::string{answer.body()} : std::to_string(answer.status());
}

std::string seen(std::string_view fields)
{
    return seen(trust_proxies({"10.0.0.0/8"}), "10.0.0.1", fields);
}

}  // namespace

TEST_CASE("who is not trusted speaks for nobody")
{
    CHECK(
        seen(
            trust_proxies({"10.0.0.0/8"}), "192.0.2.9",
            "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\nForwarded: for=2.2.2.2\r\n") ==
        "192.0.2.9 4711 http test");
    CHECK(seen(trust_proxies({}), "10.0.0.1", "X-Forwarded-For: 1.1.1.1\r\n") ==
          "10.0.0.1 4711 http test");
}

TEST_CASE("a trusted proxy that says nothing is the client itself")
{
    CHECK(seen("") == "10.0.0.1 4711 http test");
}

TEST_CASE("the first hop from the right that is not trusted is the client, whatever it claims")
{
    CHECK(seen("X-Forwarded-For: 6.6.6.6, 1.1.1.1, 10.2.2.2\r\nX-Forwarded-Proto: https\r\n") ==
          "1.1.1.1 0 https test");
    CHECK(seen("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 1.1.1.1:99\r\n") ==
          "1.1.1.1 99 http test");
    CHECK(seen("X-Forwarded-For: \"6.6.6.6, 1.1.1.1\r\n") == "1.1.1.1 0 http test");
    CHECK(seen("X-Forwarded-For: garbage, 1.1.1.1\r\n") == "1.1.1.1 0 http test");
    CHECK(seen("X-Forwarded-For: ::ffff:10.9.9.9, ::ffff:10.3.3.3\r\n") == "10.9.9.9 0 http test");
    CHECK(seen("X-Forwarded-For: 2001:db8::7\r\n") == "2001:db8::7 0 http test");
    CHECK(seen("X-Forwarded-For: unknown\r\n") == "unknown 0 http test");
}

TEST_CASE("a list of schemes goes with the list of hops if it is as long, else its last one counts")
{
    CHECK(seen("X-Forwarded-For: 1.1.1.1, 10.2.2.2\r\nX-Forwarded-Proto: https, http\r\n") ==
          "1.1.1.1 0 https test");
    CHECK(seen("X-Forwarded-For: 6.6.6.6, 1.1.1.1\r\nX-Forwarded-Proto: https, http\r\n") ==
          "1.1.1.1 0 http test");
    CHECK(seen("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https, http\r\n") ==
          "1.1.1.1 0 http test");
}

TEST_CASE("X-Forwarded-Host is the client's word unless we are told otherwise")
{
    constexpr std::string_view fields =
        "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Host: a.example\r\n";
    CHECK(seen(fields) == "1.1.1.1 0 http test");
    CHECK(seen(trust_proxies({"10.0.0.1"}, {.host = proxy_host::of_the_proxy}), "10.0.0.1",
               fields) == "1.1.1.1 0 http a.example");
}

TEST_CASE("Forwarded is walked the same way, and read only if it is the field that was chosen")
{
    const auto by = [](std::string_view fields) {
        return seen(trust_proxies({"10.0.0.0/8"}, {.fields = proxy_fields::forwarded,
                                                   .host = proxy_host::of_the_proxy}),
                    "10.0.0.1", fields);
    };
    CHECK(by("Forwarded: for=6.6.6.6, for=\"1.1.1.1:8\";proto=https;host=a.example, "
             "for=10.1.1.1\r\n") == "1.1.1.1 8 https a.example");
    CHECK(by("Forwarded: for=\"[2001:db8::1]\"\r\nX-Forwarded-Proto: https\r\n") ==
          "2001:db8::1 0 http test");
    CHECK(by("Forwarded: proto=https\r\n") == "unknown 0 https test");
    CHECK(by("X-Forwarded-For: 1.1.1.1\r\n") == "10.0.0.1 4711 http test");
    CHECK(seen("Forwarded: for=1.1.1.1\r\n") == "10.0.0.1 4711 http test");
}

TEST_CASE("what a trusted proxy says and nobody can read is refused, or ignored on request")
{
    constexpr std::string_view bad = "X-Forwarded-For: 6.6.6.6, what, 10.2.2.2\r\n";
    CHECK(seen(bad) == "400");
    CHECK(seen(trust_proxies({"10.0.0.0/8"}, {.malformed = malformed_forwarding::ignored}),
               "10.0.0.1", bad) == "unknown 0 http test");
    CHECK(seen(trust_proxies({"10.0.0.0/8"}, {.malformed = malformed_forwarding::ignored}),
               "10.0.0.1", "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: gopher\r\n") ==
          "1.1.1.1 0 http test");
    CHECK(seen("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: gopher\r\n") == "400");
}

TEST_CASE("a count of hops trusts so many, whoever they are")
{
    constexpr std::string_view fields = "X-Forwarded-For: 6.6.6.6, 1.1.1.1, 2.2.2.2\r\n";
    CHECK(seen(trust_any_proxies(0), "10.0.0.1", fields) == "10.0.0.1 4711 http test");
    CHECK(seen(trust_any_proxies(1), "10.0.0.1", fields) == "2.2.2.2 0 http test");
    CHECK(seen(trust_any_proxies(2), "10.0.0.1", fields) == "1.1.1.1 0 http test");
}

TEST_CASE("a Unix socket is trusted by its word, and ranges with mistakes do not start")
{
    around one;
    one.use(trust_proxies({"local"}));
    one.sees = [](const request& of) { return text(requester_of(of).address.text()); };
    CHECK(one.get("/", "X-Forwarded-For: 1.1.1.1\r\n").body() == "1.1.1.1");
    CHECK_THROWS_AS((void)trust_proxies({"10.0.0.0/33"}), cohort::failure);
}
