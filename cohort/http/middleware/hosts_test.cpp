#include <cohort/http/middleware/hosts.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/requester.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace cohort::http;
using cohort::http::detail::around;

namespace {

/// As a trusted proxy would have named the host.
hooks host_is(std::string_view host)
{
    return {.name = "host", .before = [host](request& of) -> std::optional<response> {
                of.attach(requester{.address = {}, .host = host});
                return std::nullopt;
            }};
}

unsigned asked(std::string_view host)
{
    around one;
    one.use(host_is(host)).use(hosts({"shop.example", "localhost:8080", "[::1]", ".api.example"}));
    return one.get().status();
}

}  // namespace

TEST_CASE("a host on the list is answered, whatever its case and, unless it is listed, its port")
{
    for (const char* host : {"shop.example", "SHOP.example:8443", "localhost:8080", "[::1]:80",
                             "v1.api.example", "a.b.api.example:1"})
        CHECK_MESSAGE(asked(host) == 200, host);
    for (const char* host :
         {"evil.example", "shop.example.evil.example", "localhost", "api.example", "localhost:8081",
          "xapi.example", "shop.example.", "[::2]"})
        CHECK_MESSAGE(asked(host) == 421, host);
    CHECK(asked("") == 400);
}

TEST_CASE("a route whose note says so is answered whatever the host, and without one")
{
    for (const std::string_view host : {"10.0.0.5:8080", "evil.example", ""}) {
        around one;
        one.options.notes.add(any_host_too{});
        one.use(host_is(host)).use(hosts({"shop.example"}));
        CHECK_MESSAGE(one.get().status() == 200, host);
        CHECK_MESSAGE(one.get("/nowhere").status() != 200, host);
    }
}

TEST_CASE("the primary's own probe is answered, and nobody who is on a Unix socket beside it")
{
    around one;
    one.use(hosts({"shop.example"}));
    peer_lookup probe{peer::own()};
    peer_lookup neighbour{peer{}};
    CHECK(one.send("GET /", {}, {}, {.from = &probe}).status() == 200);
    CHECK(one.send("GET /", {}, {}, {.from = &neighbour}).status() == 421);
}

TEST_CASE("without proxies it is the Host field that counts")
{
    around one;
    one.use(hosts({"test"}));
    CHECK(one.get().status() == 200);
    around other;
    other.use(hosts({"shop.example"}));
    CHECK(other.get().status() == 421);
}

TEST_CASE("a list with a mistake does not start")
{
    for (const char* wrong :
         {"", ".", "..x", "http://a.example", "a.example/", "a b", ".a.example:80", "*.a/b"})
        CHECK_THROWS_AS((void)hosts({wrong}), cohort::failure);
}
