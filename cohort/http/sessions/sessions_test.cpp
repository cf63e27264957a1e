#include <cohort/http/sessions/sessions.hpp>

#include <cohort/crypto/base64.hpp>
#include <cohort/crypto/sha256.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/sessions/memory_sessions.hpp>

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;
using namespace std::string_literals;
using cohort::crypto::key_ring;

namespace {

/// An application with sessions and a browser that has one cookie.
struct scene {
    explicit scene(bool in_cookies, session_options by = {})
    {
        now = 1'700'000'000;
        by.now = [this] { return now; };
        by.counts = counts;
        app.use(in_cookies ? sessions_in_cookies(key_ring::random(), by) : sessions(store, by));
    }

    /// A request in which the handler does `deed` with the session.
    response visit(std::function<void(user_session&)> deed = [](user_session&) {})
    {
        app.sees = [&deed](const request& of) {
            user_session mine = session_of(of);
            deed(mine);
            return text("done");
        };
        response answer =
            app.get("/", cookie.empty() ? "" : "Cookie: __Host-session=" + cookie + "\r\n");
        const auto lines = answer.fields().find_all("Set-Cookie");
        REQUIRE(lines.size() <= 1);
        set = !lines.empty();
        if (set) {
            const std::string line{lines[0]};
            REQUIRE(line.starts_with("__Host-session="));
            cookie = line.substr(15, line.find(';') - 15);
            attributes = line.substr(line.find(';'));
        }
        return answer;
    }

    std::optional<std::string> user()
    {
        std::optional<std::string> found;
        visit([&found](user_session& mine) {
            if (const auto name = mine.get("user"))
                found = *name;
        });
        return found;
    }

    void login(const std::string& name)
    {
        visit([&name](user_session& mine) {
            mine.regenerate();
            mine.set("user", name);
        });
    }

    std::int64_t now = 0;
    std::shared_ptr<memory_sessions> store = std::make_shared<memory_sessions>();
    std::shared_ptr<session_counts> counts = std::make_shared<session_counts>();
    http::detail::around app;
    std::string cookie;
    std::string attributes;
    bool set = false;
};

}  // namespace

TEST_CASE("a session costs nothing before something is set, and is remembered then")
{
    for (const bool in_cookies : {false, true}) {
        scene here{in_cookies};
        CHECK_FALSE(here.visit().header("Cache-Control"));
        CHECK_FALSE(here.user());
        CHECK_FALSE(here.set);
        CHECK(here.store->size() == 0);

        const auto answer = here.visit([](user_session& mine) {
            CHECK_FALSE(mine.existed());
            mine.set("user", "ada");
        });
        CHECK(here.set);
        CHECK(here.attributes == "; HttpOnly; Secure; SameSite=Lax; Path=/");
        CHECK(answer.header("Cache-Control") == "no-store");
        CHECK(here.counts->created == 1);

        CHECK(here.user() == "ada");
        CHECK_FALSE(here.set);
        here.visit([](user_session& mine) {
            CHECK(mine.existed());
            mine.set("user", "bob");
            mine.set("more", "x");
            mine.erase("more");
            mine.erase("nothing");
            CHECK_FALSE(mine.get("more"));
        });
        CHECK(here.user() == "bob");
        CHECK(here.counts->created == 1);
    }
}

TEST_CASE("ids are 256 random bits, and the store has their hash alone")
{
    scene here{false};
    std::set<std::string> seen;
    for (int i = 0; i < 50; ++i) {
        here.cookie.clear();
        here.login("ada");
        CHECK(crypto::from_base64url(here.cookie)->size() == 32);
        CHECK(seen.insert(here.cookie).second);
    }
    session_key raw;
    crypto::from_base64url(here.cookie)->copy(raw.bytes.data(), raw.bytes.size());
    CHECK_FALSE(here.store->get(raw, here.now));
    CHECK(here.store->get(crypto::sha256(raw.view()), here.now));
}

TEST_CASE("a login gives a new id, and the old one is void")
{
    for (const bool in_cookies : {false, true}) {
        scene here{in_cookies};
        std::string before;
        std::string after;
        here.visit([&before](user_session& mine) { before = mine.binding(); });
        const std::string planted = here.cookie;
        here.visit([&after](user_session& mine) {
            mine.regenerate();
            mine.set("user", "ada");
            after = mine.binding();
        });
        CHECK(here.cookie != planted);
        CHECK(before != after);
        here.visit([&after](user_session& mine) { CHECK(mine.binding() == after); });
        CHECK(here.user() == "ada");
        here.cookie = planted;
        CHECK_FALSE(here.user());
        CHECK(here.store->size() == (in_cookies ? 0 : 1));
    }
}

TEST_CASE("an id that a client made up is never taken")
{
    scene here{false};
    here.cookie = crypto::to_base64url(std::string(32, 'x'));
    const std::string planted = here.cookie;
    here.visit([](user_session& mine) { mine.set("user", "ada"); });
    CHECK(here.cookie != planted);
    CHECK(here.counts->unknown == 1);
}

TEST_CASE("a logout ends the session and has the browser forget it")
{
    for (const bool in_cookies : {false, true}) {
        scene here{in_cookies};
        here.login("ada");
        const std::string old = here.cookie;
        here.visit([](user_session& mine) { mine.destroy(); });
        CHECK(here.cookie.empty());
        CHECK(here.attributes.find("Max-Age=0; Expires=Thu, 01 Jan 1970") != std::string::npos);
        CHECK(here.counts->destroyed == 1);
        if (!in_cookies) {
            here.cookie = old;
            CHECK_FALSE(here.user());
        }
    }
}

TEST_CASE("what is set after a logout in the same request belongs to a new session")
{
    for (const bool in_cookies : {false, true}) {
        scene here{in_cookies};
        here.login("ada");
        const std::string old = here.cookie;
        here.visit([](user_session& mine) {
            mine.destroy();
            mine.set("theme", "dark");
            CHECK_FALSE(mine.get("user"));
        });
        CHECK_FALSE(here.cookie.empty());
        CHECK(here.cookie != old);
        here.visit([](user_session& mine) { CHECK(mine.get("theme") == "dark"); });
    }
}

TEST_CASE("a request that began before a logout does not bring the session back")
{
    scene here{false};
    here.login("ada");
    const std::string mine = here.cookie;
    here.visit([&here](user_session& late) {
        late.set("cart", "1");
        // The logout.
        here.store->erase(crypto::sha256(*crypto::from_base64url(here.cookie)), here.now);
    });
    CHECK_FALSE(here.set);
    CHECK(here.store->size() == 0);
    CHECK(here.counts->unknown == 1);
}

TEST_CASE("a request that only looks does not undo what another did meanwhile")
{
    scene here{false};
    here.login("ada");
    here.now += 100;  // to be written down again
    here.visit([&here](user_session& late) {
        CHECK(late.get("user") == "ada");
        const auto key = crypto::sha256(*crypto::from_base64url(here.cookie));
        auto record = *session_record::read(*here.store->get(key, here.now));
        record.values.emplace_back("cart", "1");
        CHECK(here.store->replace(key, {record.write(), here.now + 9}, here.now) == stored::done);
    });
    here.now += 1000;  // its time was written
    here.visit([](user_session& mine) {
        CHECK(mine.get("user") == "ada");
        CHECK(mine.get("cart") == "1");
    });
}

TEST_CASE("no cookie goes out on an answer that caches may keep, unless the session changed")
{
    for (const auto* said : {"public, max-age=60", "private"}) {
        scene here{true};
        std::string cached;
        here.app.use({.name = "cached", .after = [&cached](const request&, response& answer) {
                          if (!cached.empty())
                              answer.header("Cache-Control", cached);
                      }});
        here.login("ada");
        here.now += 100;
        cached = said;
        const auto answer = here.visit();
        const bool shared = cached != "private";
        CHECK(here.set != shared);
        CHECK(answer.header("Cache-Control") == (shared ? cached : "no-store"));
        CHECK(here.visit([](user_session& mine) { mine.set("x", "y"); }).header("Cache-Control") ==
              "no-store");
        CHECK(here.set);
        CHECK(here.visit([](user_session& mine) { mine.destroy(); }).header("Cache-Control") ==
              "no-store");
    }
}

TEST_CASE("a session ends when nobody came for half an hour, to the second")
{
    for (const bool in_cookies : {false, true}) {
        scene here{in_cookies};
        here.login("ada");
        here.now += 1799;
        CHECK(here.user() == "ada");  // and is written down again
        here.now += 1799;
        CHECK(here.user() == "ada");
        here.now += 1800;
        CHECK_FALSE(here.user());
        CHECK(here.counts->expired + here.counts->unknown == 1);
    }
}

TEST_CASE("a session ends twelve hours after its beginning, whoever comes")
{
    for (const bool in_cookies : {false, true}) {
        scene here{in_cookies};
        here.login("ada");
        for (int i = 0; i < 43'199 / 1200; ++i) {
            here.now += 1200;
            CHECK(here.user() == "ada");
        }
        here.now = 1'700'000'000 + 43'199;
        CHECK(here.user() == "ada");
        here.now += 1;
        CHECK_FALSE(here.user());
    }
}

TEST_CASE("a session that is used is written down once a minute, not with each request")
{
    for (const bool in_cookies : {false, true}) {
        scene here{in_cookies};
        here.login("ada");
        here.now += 59;
        CHECK(here.user() == "ada");
        CHECK_FALSE(here.set);
        here.now += 1;
        CHECK(here.user() == "ada");
        CHECK(here.set == in_cookies);
    }
}

TEST_CASE("a cookie with any letter changed is a new session, and counted")
{
    scene here{true};
    here.login("ada");
    const std::string good = here.cookie;
    std::uint64_t tampered = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
        here.cookie = good;
        here.cookie[i] = good[i] == 'A' ? 'B' : 'A';
        CHECK_FALSE(here.user());
        ++tampered;
    }
    CHECK(here.counts->malformed == tampered);
    here.cookie = good;
    CHECK(here.user() == "ada");
}

TEST_CASE("a session that would be too long is refused where it is set")
{
    for (const bool in_cookies : {false, true}) {
        scene here{in_cookies};
        here.visit([in_cookies](user_session& mine) {
            CHECK_THROWS_AS(mine.set("x", std::string(20'000, 'x')), failure);
            std::size_t most = 0;
            for (std::size_t length = 1; length < 20'000; ++length) {
                try {
                    mine.set("x", std::string(length, 'x'));
                    most = length;
                } catch (const failure&) {
                    break;
                }
            }
            CHECK(most > (in_cookies ? 2'800 : 16'000));
            CHECK_THROWS_AS(mine.set("y", ""), failure);
        });
        CHECK(here.set);  // the longest one fits its cookie
        here.visit([](user_session& mine) { CHECK(mine.get("x")); });
    }
}

TEST_CASE("a store without room answers 503, and says so to nobody twice")
{
    auto counts = std::make_shared<session_counts>();
    http::detail::around app;
    const memory_sessions::bounds none{.sessions = 0};
    app.use(sessions(std::make_shared<memory_sessions>(none), {.counts = counts}));
    app.sees = [](const request& of) {
        session_of(of).set("user", "ada");
        return text("welcome");
    };
    const auto answer = app.get();
    CHECK(answer.status() == 503);
    CHECK_FALSE(answer.header("Set-Cookie"));
    CHECK(counts->full == 1);
}

TEST_CASE("options that contradict themselves are refused at the start")
{
    auto store = std::make_shared<memory_sessions>();
    CHECK_THROWS_AS((void)sessions(store, {.also_without_encryption = true}), failure);
    CHECK_THROWS_AS((void)sessions(store, {.idle = 0s}), failure);
    CHECK_THROWS_AS((void)sessions(store, {.idle = 2h, .absolute = 1h}), failure);
    CHECK_THROWS_AS((void)sessions(store, {.cookie = "a b"}), failure);
    (void)sessions(store, {.cookie = "session", .also_without_encryption = true});
}

TEST_CASE("a session that the browser keeps says for how long")
{
    scene here{false, {.kept_by_browser = true}};
    here.login("ada");
    CHECK(here.attributes.ends_with("; Max-Age=43200"));
}

TEST_CASE("without sessions() around a route there is no session, which is a mistake")
{
    http::detail::around app;
    app.sees = [](const request& of) {
        CHECK_THROWS_AS((void)session_of(of), std::logic_error);
        return text("");
    };
    (void)app.get();
}
