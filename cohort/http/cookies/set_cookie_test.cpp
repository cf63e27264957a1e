#include <cohort/http/cookies/set_cookie.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;

namespace {

std::vector<std::string_view> lines(const response& of)
{
    return of.fields().find_all("Set-Cookie");
}

bool refused(const new_cookie& from) { return !cookie_line(from); }

}  // namespace

TEST_CASE("a cookie is safe unless it says otherwise")
{
    CHECK(cookie_line({.name = "a", .value = "1"}) ==
          "a=1; HttpOnly; Secure; SameSite=Lax; Path=/");
    CHECK(cookie_line({.name = "a",
                       .value = "1",
                       .path = "/x",
                       .domain = "example.com",
                       .max_age = 60s,
                       .site = same_site::none,
                       .partitioned = true,
                       .readable_by_scripts = true}) ==
          "a=1; Secure; SameSite=None; Path=/x; Domain=example.com; Max-Age=60; Partitioned");
    CHECK(cookie_line({.name = "a", .site = same_site::strict, .also_without_encryption = true}) ==
          "a=; HttpOnly; SameSite=Strict; Path=/");
}

TEST_CASE("values that would be cut or misread are refused, not escaped")
{
    for (int c = 0; c < 256; ++c) {
        const char octet = static_cast<char>(c);
        const bool fits =
            c > 0x20 && c < 0x7f && octet != '"' && octet != ',' && octet != ';' && octet != '\\';
        CHECK(refused({.name = "a", .value = std::string("x") + octet}) != fits);
    }
    for (const auto* name : {"", "a b", "a=b", "a;b", "\xc3\xa4", "a\n"})
        CHECK(refused({.name = name}));
    for (const auto* path : {"", "x", "/;x", "/\n"})
        CHECK(refused({.name = "a", .path = path}));
    for (const auto* domain : {".example.com", "example.com.", "a b", "a;b", "a/b"})
        CHECK(refused({.name = "a", .domain = domain}));
    CHECK(refused({.name = "a", .max_age = 0s}));
    CHECK(refused({.name = "a", .max_age = -1s}));
    CHECK_FALSE(refused({.name = "a", .max_age = std::chrono::days{400}}));
    CHECK(refused({.name = "a", .max_age = std::chrono::days{400} + 1s}));
}

TEST_CASE("what browsers refuse is refused here, where somebody sees it")
{
    CHECK(refused({.name = "a", .site = same_site::none, .also_without_encryption = true}));
    CHECK(refused({.name = "a", .partitioned = true, .also_without_encryption = true}));
    for (const auto* name : {"__Host-a", "__host-a", "__HOST-a"}) {
        CHECK_FALSE(refused({.name = name}));
        CHECK(refused({.name = name, .path = "/x"}));
        CHECK(refused({.name = name, .domain = "example.com"}));
        CHECK(refused({.name = name, .also_without_encryption = true}));
    }
    CHECK_FALSE(refused({.name = "__Secure-a", .path = "/x", .domain = "example.com"}));
    CHECK(refused({.name = "__secure-a", .also_without_encryption = true}));
}

TEST_CASE("a cookie of 4096 bytes is set, one of 4097 is not")
{
    const std::size_t rest = cookie_line({.name = "a"})->size();
    CHECK(cookie_line({.name = "a", .value = std::string(4096 - rest, 'x')})->size() == 4096);
    const auto larger = cookie_line({.name = "a", .value = std::string(4097 - rest, 'x')});
    REQUIRE_FALSE(larger);
    CHECK(larger.error().why() == make_error_code(errc::too_large));
}

TEST_CASE("each cookie has a line of its own; the last of one name, domain and path stays")
{
    response answer;
    answer.add_header("Set-Cookie", "by=hand");
    set_cookie(answer, {.name = "a", .value = "1"});
    set_cookie(answer, {.name = "b", .value = "2"});
    set_cookie(answer, {.name = "a", .value = "3", .path = "/x"});
    set_cookie(answer, {.name = "a", .value = "4"});
    CHECK(lines(answer) ==
          std::vector<std::string_view>{"by=hand", "b=2; HttpOnly; Secure; SameSite=Lax; Path=/",
                                        "a=3; HttpOnly; Secure; SameSite=Lax; Path=/x",
                                        "a=4; HttpOnly; Secure; SameSite=Lax; Path=/"});
}

TEST_CASE("a deletion names the path, domain and partition, and is in the past")
{
    response answer;
    set_cookie(answer, {.name = "a", .value = "1"});
    delete_cookie(answer, {.name = "a", .value = "ignored", .max_age = 5s, .partitioned = true});
    delete_cookie(answer, {.name = "b", .path = "/x", .domain = "example.com"});
    CHECK(lines(answer) ==
          std::vector<std::string_view>{
              "a=; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=0; "
              "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Partitioned",
              "b=; HttpOnly; Secure; SameSite=Lax; Path=/x; Domain=example.com; Max-Age=0; "
              "Expires=Thu, 01 Jan 1970 00:00:00 GMT"});
}

TEST_CASE("a cookie that cannot be set is an exception, like any header that cannot")
{
    response answer;
    CHECK_THROWS_AS(set_cookie(answer, {.name = "a", .value = "x\r\nEvil: 1"}), failure);
    CHECK_THROWS_AS(delete_cookie(answer, {.name = ""}), failure);
    CHECK(lines(answer).empty());
}
