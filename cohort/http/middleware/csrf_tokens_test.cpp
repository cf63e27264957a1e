#include <cohort/http/middleware/csrf_tokens.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/sessions/memory_sessions.hpp>
#include <cohort/http/sessions/sessions.hpp>

#include <doctest/doctest.h>

#include <map>
#include <stdexcept>
#include <string>

using namespace cohort;
using namespace cohort::http;
using cohort::crypto::key_ring;

namespace {

/// Pages with tokens, and browsers that ask for them.
struct site {
    explicit site(const key_ring& keys)
    {
        api.on_handler_error([](const request&, std::string_view) noexcept {});
        api.use(sessions(std::make_shared<memory_sessions>()));
        api.use(csrf_tokens(keys));
        api.get("/page", [](const request& of) { return text(csrf_token(of)); });
        api.post("/login", [](const request& of) {
            session_of(of).regenerate();
            return text(csrf_token(of));
        });
        api.post("/pay", [](const request&) { return text("paid"); });
        REQUIRE(api.freeze());
    }
    router api;
};

struct browser {
    explicit browser(site& at)
        : here{at}
    {}

    response send(std::string_view line, std::string_view header = {})
    {
        std::string fields = "Cookie: x=y";
        for (const auto& [name, value] : cookies)
            fields += "; " + name + "=" + value;
        fields += "\r\n";
        if (!header.empty())
            fields += "X-CSRF-Token: " + std::string{header} + "\r\n";
        http::detail::parsed one{line, fields};
        response answer = here.api.plan_for(one.of).to->run(one.of);
        for (const auto each : answer.fields().find_all("Set-Cookie")) {
            const auto equals = each.find('=');
            cookies[std::string{each.substr(0, equals)}] =
                each.substr(equals + 1, each.find(';') - equals - 1);
        }
        return answer;
    }

    site& here;
    std::map<std::string, std::string> cookies;
};

}  // namespace

TEST_CASE("a page's token lets its requests pass, and no others")
{
    site here{key_ring::random()};
    browser ada{here};
    const auto page = ada.send("GET /page");
    const std::string token{page.body()};
    CHECK(page.fields().find_all("Set-Cookie").at(0) ==
          "__Host-csrf=" + token + "; HttpOnly; Secure; SameSite=Strict; Path=/");

    CHECK(ada.send("POST /pay", token).status() == 200);
    CHECK(ada.send("POST /pay").status() == 403);
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string other = token;
        other[i] = token[i] == 'A' ? 'B' : 'A';
        CHECK(ada.send("POST /pay", other).status() == 403);
        browser forger = ada;
        forger.cookies["__Host-csrf"] = other;
        CHECK(forger.send("POST /pay", other).status() == 403);
    }
    CHECK(ada.send("GET /page").body() == token);  // as long as it holds
}

TEST_CASE("a token of another session, or of none, is refused")
{
    site here{key_ring::random()};
    browser ada{here};
    browser eve{here};
    const std::string adas{ada.send("GET /page").body()};
    const std::string eves{eve.send("GET /page").body()};
    ada.cookies["__Host-csrf"] = eves;  // planted
    CHECK(ada.send("POST /pay", eves).status() == 403);

    browser nobody{here};
    nobody.cookies["__Host-csrf"] = adas;
    const auto answer = nobody.send("POST /pay", adas);
    CHECK(answer.status() == 403);
    CHECK_FALSE(answer.header("Set-Cookie"));  // and begins no session
}

TEST_CASE("after a login the old token is void, and the answer has a new one")
{
    site here{key_ring::random()};
    browser ada{here};
    const std::string before{ada.send("GET /page").body()};
    const std::string after{ada.send("POST /login", before).body()};
    CHECK(after != before);
    CHECK(ada.send("POST /pay", after).status() == 200);
    ada.cookies["__Host-csrf"] = before;
    CHECK(ada.send("POST /pay", before).status() == 403);
}

TEST_CASE("tokens may be bound to something else, and what is misused is a mistake")
{
    http::detail::around app;
    app.use(csrf_tokens(key_ring::random(), {.bound_to = [](const request& of) {
                            const auto user = of.header("User");
                            return user ? std::optional<std::string>{*user} : std::nullopt;
                        }}));
    app.sees = [](const request& of) { return text(csrf_token(of)); };
    const std::string token{app.get("/", "User: ada\r\n").body()};
    const std::string both = "Cookie: __Host-csrf=" + token + "\r\nX-CSRF-Token: " + token + "\r\n";
    CHECK(app.send("POST /", "User: ada\r\n" + both).status() == 200);
    CHECK(app.send("POST /", "User: eve\r\n" + both).status() == 403);
    CHECK(app.send("POST /", both).status() == 403);
    CHECK(app.get().status() == 500);  // a page without a session asks for a token

    CHECK_THROWS_AS((void)csrf_tokens(key_ring::random(), {.cookie = "a b"}), failure);
    http::detail::parsed bare{"GET /"};
    CHECK_THROWS_AS((void)csrf_token(bare.of), std::logic_error);
}
