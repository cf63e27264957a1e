// Signed and sealed cookies keep the same promises, except that the first can be read.
#include <cohort/http/cookies/sealed_cookies.hpp>
#include <cohort/http/cookies/signed_cookies.hpp>

#include <cohort/crypto/base64.hpp>
#include <cohort/http/detail/parsed_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;
using cohort::crypto::key_ring;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

std::int64_t now = 1'700'000'000;

cookie_trust hour()
{
    return {.max_age = 1h, .now = [] { return now; }};
}

std::string value_set(const response& by)
{
    const std::string line{by.fields().find_all("Set-Cookie").at(0)};
    const auto begin = line.find('=') + 1;
    return line.substr(begin, line.find(';') - begin);
}

template <class Cookies>
std::string issue(const Cookies& by, std::string value)
{
    response answer;
    by.set(answer, {.name = "c", .value = std::move(value)});
    return value_set(answer);
}

template <class Cookies>
std::optional<std::string> read(const Cookies& by, std::string_view text,
                                std::string_view name = "c")
{
    detail::parsed one{"GET /", "Cookie: " + std::string{name} + "=" + std::string{text} + "\r\n"};
    return by.get(one.of, name);
}

}  // namespace

TEST_CASE_TEMPLATE("a protected cookie holds any bytes", Cookies, signed_cookies, sealed_cookies)
{
    const Cookies mine{key_ring::random(), hour()};
    for (const std::string& value : {""s, "a"s, "\0;,\" \xff"s, std::string(2000, 'x')})
        CHECK(read(mine, issue(mine, value)) == value);
}

TEST_CASE_TEMPLATE("a protected cookie with any letter changed, added or gone is none", Cookies,
                   signed_cookies, sealed_cookies)
{
    const Cookies mine{key_ring::random(), hour()};
    const std::string text = issue(mine, "user 17");
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (const char c : {'A', 'B', '_', '-', '=', '+', '%'}) {
            std::string other = text;
            other[i] = c;
            if (other != text)
                CHECK_FALSE(read(mine, other));
        }
        CHECK_FALSE(read(mine, text.substr(0, i)));
    }
    CHECK_FALSE(read(mine, text + "A"));
    CHECK_FALSE(read(mine, text + "="));
}

TEST_CASE_TEMPLATE("a protected cookie belongs to its name, its kind and its keys", Cookies,
                   signed_cookies, sealed_cookies)
{
    const key_ring keys = key_ring::random();
    const Cookies mine{keys, hour()};
    const std::string text = issue(mine, "x");
    CHECK(read(mine, text, "c"));
    CHECK_FALSE(read(mine, text, "d"));
    CHECK_FALSE(read(Cookies{key_ring::random(), hour()}, text));
    if constexpr (std::is_same_v<Cookies, signed_cookies>)
        CHECK_FALSE(read(sealed_cookies{keys, hour()}, text));
    else
        CHECK_FALSE(read(signed_cookies{keys, hour()}, text));
}

TEST_CASE_TEMPLATE("a protected cookie holds for max_age from its issue, whatever browsers keep",
                   Cookies, signed_cookies, sealed_cookies)
{
    const Cookies mine{key_ring::random(), hour()};
    now = 1'700'000'000;
    const std::string text = issue(mine, "x");
    now += 3599;
    CHECK(read(mine, text));
    now += 1;
    CHECK_FALSE(read(mine, text));
    now = 1'700'000'000 - 60;
    CHECK(read(mine, text));
    now -= 1;
    CHECK_FALSE(read(mine, text));
    now = 1'700'000'000;
}

TEST_CASE_TEMPLATE("old secrets are read and new ones written", Cookies, signed_cookies,
                   sealed_cookies)
{
    const std::string older = "text:" + std::string(32, 'o');
    const std::string newer = "text:" + std::string(32, 'n');
    const Cookies before{*key_ring::parse(older), hour()};
    const Cookies during{*key_ring::parse(newer + "\n" + older), hour()};
    const Cookies after{*key_ring::parse(newer), hour()};
    CHECK(read(during, issue(before, "x")) == "x");
    CHECK(read(after, issue(during, "x")) == "x");
    CHECK_FALSE(read(after, issue(before, "x")));
}

TEST_CASE("a sealed cookie does not show its value, and is never the same")
{
    const sealed_cookies mine{key_ring::random(), hour()};
    const std::string text = issue(mine, "user 17");
    CHECK(cohort::crypto::from_base64url(text)->find("user 17") == std::string::npos);
    CHECK(issue(mine, "user 17") != text);
}

TEST_CASE("a protected cookie tells the browser how long it holds, and is checked for its length")
{
    const signed_cookies mine{key_ring::random(), hour()};
    response answer;
    mine.set(answer, {.name = "__Host-c", .value = "x"});
    CHECK(answer.fields()
              .find_all("Set-Cookie")
              .at(0)
              .ends_with("; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=3600"));
    CHECK_THROWS_AS(mine.set(answer, {.name = "d", .value = std::string(3100, 'x')}),
                    cohort::failure);
}
