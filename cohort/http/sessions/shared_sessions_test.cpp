#include <cohort/http/sessions/shared_sessions.hpp>

#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/crypto/base64.hpp>
#include <cohort/crypto/sha256.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/sessions/memory_sessions.hpp>
#include <cohort/http/sessions/sessions.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using cohort::crypto::sha256;

namespace {

session_key key(int number) { return sha256(std::to_string(number)); }

/// A store that no other test has.
shared_session_options small()
{
    static int number = 0;
    return {.name = "test-" + std::to_string(++number), .sessions = 1'000, .bytes = 65'536};
}

/// One worker of an application; those with the same store are one application.
struct desk {
    explicit desk(const std::shared_ptr<session_store>& store)
    {
        session_options by;
        by.now = [this] { return now; };
        by.counts = counts;
        app.use(sessions(store, by));
    }

    /// A request in which the handler does `deed`. Returns the cookie that is set, or nothing.
    std::optional<std::string> visit(const std::string& cookie,
                                     const std::function<void(user_session&)>& deed)
    {
        app.sees = [&deed](const request& of) {
            user_session mine = session_of(of);
            deed(mine);
            return text("done");
        };
        const response answer =
            app.get("/", cookie.empty() ? "" : "Cookie: __Host-session=" + cookie + "\r\n");
        status = answer.status();
        const auto line = answer.header("Set-Cookie");
        if (!line)
            return std::nullopt;
        constexpr std::size_t name = std::string_view{"__Host-session="}.size();
        return std::string{line->substr(name, line->find(';') - name)};
    }
    std::optional<std::string> user(const std::string& cookie)
    {
        std::optional<std::string> found;
        visit(cookie, [&](user_session& mine) {
            if (const auto name = mine.get("user"))
                found = *name;
        });
        return found;
    }
    std::string login(const std::string& cookie = {})
    {
        return visit(cookie,
                     [](user_session& mine) {
                         mine.regenerate();
                         mine.set("user", "ada");
                     })
            .value_or("");
    }

    std::int64_t now = 1'700'000'000;
    int status = 0;
    std::shared_ptr<session_counts> counts = std::make_shared<session_counts>();
    http::detail::around app;
};

void logout(user_session& mine) { mine.destroy(); }

/// Full with one session: who comes gets the place of who is there, as no_room::log_another_out
/// gives it where chance will have it so.
class full_store final : public session_store {
public:
    std::optional<std::string> get(const session_key& of, std::int64_t now) override
    {
        return all_.get(of, now);
    }
    stored create(const session_key& of, entry what, std::int64_t now) override
    {
        if (here_ && all_.erase(*here_, now) == stored::done)
            ++logged_out;
        here_ = of;
        return all_.create(of, what, now);
    }
    stored replace(const session_key& of, entry what, std::int64_t now) override
    {
        return all_.replace(of, what, now);
    }
    stored renew(const session_key& of, std::string_view seen, entry what,
                 std::int64_t now) override
    {
        return all_.renew(of, seen, what, now);
    }
    stored erase(const session_key& of, std::int64_t now) override { return all_.erase(of, now); }

    int logged_out = 0;

private:
    memory_sessions all_;
    std::optional<session_key> here_;
};

}  // namespace

TEST_CASE("what one worker keeps, another knows, and a third that begins later")
{
    const auto how = small();
    const auto one = shared_sessions::make(how);
    const auto other = shared_sessions::make(how);
    CHECK(one->create(key(1), {"one", 100}, 0) == stored::done);
    CHECK(other->get(key(1), 99) == "one");
    CHECK(other->replace(key(1), {"two", 200}, 99) == stored::done);
    CHECK(one->get(key(1), 199) == "two");
    CHECK(shared_sessions::make(how)->get(key(1), 199) == "two");
    auto elsewhere = how;
    elsewhere.name += "b";
    CHECK_FALSE(shared_sessions::make(elsewhere)->get(key(1), 0));
    CHECK(one->size() == 1);
    CHECK_FALSE(one->get(key(1), 200));
    CHECK(one->size() == 0);
    CHECK(other->total().expired == 1);
}

TEST_CASE("a session that one worker ended is not brought back by another that still had it")
{
    const auto how = small();
    const auto one = shared_sessions::make(how);
    const auto other = shared_sessions::make(how);
    CHECK(one->create(key(1), {"one", 100}, 0) == stored::done);
    CHECK(one->erase(key(1), 0) == stored::done);
    CHECK(other->replace(key(1), {"two", 100}, 0) == stored::absent);
    CHECK(other->renew(key(1), "one", {"two", 100}, 0) == stored::absent);
    CHECK(other->erase(key(1), 0) == stored::absent);
    CHECK_FALSE(one->get(key(1), 0));
}

TEST_CASE("sessions are bounded: one that is too long is refused, and so is one too many")
{
    auto how = small();
    how.bytes_max = 1'000;
    const auto all = shared_sessions::make(how);
    CHECK(all->bytes_max() == 1'000);
    CHECK(all->create(key(1), {std::string(1'001, 'x'), 100}, 0) == stored::full);
    CHECK(all->create(key(1), {std::string(1'000, 'x'), 100}, 0) == stored::done);
    CHECK(all->replace(key(1), {std::string(1'001, 'x'), 100}, 0) == stored::full);
    CHECK(all->renew(key(1), "x", {std::string(1'001, 'x'), 100}, 0) == stored::full);
    int number = 2;
    while (all->create(key(number), {std::string(1'000, 'x'), 100}, 0) == stored::done)
        ++number;
    CHECK(number > 40);
    CHECK(all->total().refused == 1);
    CHECK(all->total().logged_out == 0);
    CHECK(all->get(key(1), 0));
    // When their time is over, there is room again.
    CHECK(all->create(key(number), {std::string(1'000, 'x'), 200}, 100) == stored::done);

    how.full = no_room::log_another_out;
    const auto loose = shared_sessions::make(how);
    for (int i = 0; i < 500; ++i)
        CHECK(loose->create(key(1'000 + i), {std::string(1'000, 'x'), 300}, 100) == stored::done);
    CHECK(loose->total().logged_out > 400);
}

TEST_CASE("a login in a full store takes the place of the client's own old session")
{
    const auto loose = std::make_shared<full_store>();
    const auto strict = std::make_shared<memory_sessions>(memory_sessions::bounds{.sessions = 1});
    for (const std::shared_ptr<session_store>& store :
         {std::shared_ptr<session_store>{loose}, std::shared_ptr<session_store>{strict}})
    {
        desk one{store};
        const auto guest = one.visit({}, [](user_session& mine) { mine.set("cart", "1"); });
        REQUIRE(guest);
        const std::string ada = one.login(*guest);
        CHECK(one.status == 200);
        CHECK(one.user(ada) == "ada");
        CHECK_FALSE(one.user(*guest));
    }
    CHECK(loose->logged_out == 0);
    CHECK(strict->refused() == 0);
}

TEST_CASE("options out of bounds are refused when routes are set up")
{
    const auto make = [](const shared_session_options& how) {
        static_cast<void>(shared_sessions::make(how));
    };
    CHECK_THROWS_AS(make({.name = ""}), failure);
    CHECK_THROWS_AS(make({.name = "a/b"}), failure);
    CHECK_THROWS_AS(make({.name = std::string(65, 'a')}), failure);
    CHECK_THROWS_AS(make({.sessions = 0}), failure);
    CHECK_THROWS_AS(make({.sessions = ~std::size_t{0}}), failure);
    CHECK_THROWS_AS(make({.bytes = board::commons::room + 1}), failure);
    CHECK_THROWS_AS(make({.bytes_max = 10}), failure);
    CHECK_THROWS_AS(make({.bytes_max = 65'537}), failure);
    CHECK_THROWS_AS(make({.bytes = 8'192, .bytes_max = 4'097}), failure);
    make({});
    // As in the manual.
    static_cast<void>(shared_sessions::make({.sessions = 50'000, .bytes = 24U << 20}));
}

TEST_CASE("who logs in at one worker is known to the other, and after a logout to neither")
{
    const auto how = small();
    desk one{shared_sessions::make(how)};
    desk other{shared_sessions::make(how)};
    const std::string cookie = one.login();
    CHECK(other.user(cookie) == "ada");
    other.visit(cookie, logout);
    CHECK_FALSE(one.user(cookie));
    CHECK(one.counts->unknown == 1);
}

TEST_CASE("a request that began before a logout elsewhere neither changes nor renews the session")
{
    const auto how = small();
    desk one{shared_sessions::make(how)};
    desk other{shared_sessions::make(how)};
    const auto store = shared_sessions::make(how);
    const std::string first = one.login();
    CHECK_FALSE(one.visit(first, [&](user_session& late) {
        late.set("cart", "1");
        other.visit(first, logout);
    }));
    CHECK(store->size() == 0);

    // Nor does it go on under a new id.
    const std::string second = one.login();
    CHECK_FALSE(one.visit(second, [&](user_session& late) {
        late.regenerate();
        other.visit(second, logout);
    }));
    CHECK(store->size() == 0);

    const std::string third = one.login();
    one.now += 100;  // it is written down again
    CHECK_FALSE(one.visit(third, [&](user_session& late) {
        static_cast<void>(late.get("user"));
        other.visit(third, logout);
    }));
    CHECK(store->size() == 0);
    CHECK(one.counts->unknown == 2);
}

TEST_CASE("who only looks does not undo what another worker changed meanwhile, and neither does it")
{
    const auto how = small();
    desk one{shared_sessions::make(how)};
    desk other{shared_sessions::make(how)};
    const std::string cookie = one.login();
    one.now = other.now += 100;
    one.visit(cookie, [&](user_session& late) {
        static_cast<void>(late.get("user"));
        other.visit(cookie, [](user_session& mine) { mine.set("cart", "1"); });
    });
    other.visit(cookie, [](user_session& mine) {
        CHECK(mine.get("user") == "ada");
        CHECK(mine.get("cart") == "1");
    });
    // Of two who change it, the last one counts.
    one.visit(cookie, [&](user_session& late) {
        late.set("cart", "2");
        other.visit(cookie, [](user_session& mine) { mine.set("cart", "3"); });
    });
    other.visit(cookie, [](user_session& mine) { CHECK(mine.get("cart") == "2"); });
}

TEST_CASE(
    "a full store refuses newcomers, keeps who is there, and a login replaces its old session")
{
    const auto how = small();
    const auto store = shared_sessions::make(how);
    desk one{store};
    const std::string early = one.visit("", [](user_session& mine) { mine.set("a", "b"); }).value();
    int number = 0;
    while (store->create(key(number), {"x", one.now + 1'000}, one.now) == stored::done)
        ++number;
    CHECK(one.login() == "");
    CHECK(one.status == 503);
    CHECK(one.counts->full == 1);
    one.now += 100;
    one.visit(early, [](user_session& mine) { CHECK(mine.get("a") == "b"); });
    CHECK(one.status == 200);
    one.visit(early, [](user_session& mine) { mine.set("a", "c"); });
    CHECK(one.status == 200);
    // The new id gets the place of the old one.
    CHECK(one.login(early) != "");
    CHECK(one.status == 200);
    CHECK_FALSE(one.user(early));
}

TEST_CASE("a session has as much room as its store gives it")
{
    auto how = small();
    how.bytes_max = 200;
    desk one{shared_sessions::make(how)};
    one.visit("", [](user_session& mine) {
        CHECK_THROWS_AS(mine.set("a", std::string(200, 'x')), failure);
        mine.set("a", std::string(100, 'x'));
    });
    CHECK(one.status == 200);
}

TEST_CASE("where the commons have no room, nobody gets a session, and everything else works")
{
    auto how = small();
    how.bytes = std::size_t{60} << 20;  // and 3.8 MiB of notes
    REQUIRE(board::commons::here().area("another's", 1U << 20));
    desk one{shared_sessions::make(how)};
    CHECK(one.login() == "");
    CHECK(one.status == 503);
    CHECK_FALSE(one.user("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY"));
    CHECK(one.status == 200);
}

TEST_CASE("threads of one user leave a session that is whole")
{
    const auto how = small();
    const auto store = shared_sessions::make(how);
    std::vector<std::jthread> all;
    CHECK(store->create(key(0), {"0", 100}, 0) == stored::done);
    std::atomic<int> wrong{0};
    for (int thread = 0; thread < 4; ++thread) {
        all.emplace_back([&, thread] {
            for (int i = 0; i < 2'000; ++i) {
                const std::string value(static_cast<std::size_t>(i % 900),
                                        static_cast<char>('a' + thread));
                wrong += store->replace(key(0), {value, 100}, 0) == stored::done ? 0 : 1;
                const auto there = store->get(key(0), 0);
                wrong += there && there->find_first_not_of(there->empty() ? 'a' : there->front()) ==
                                      std::string::npos
                             ? 0
                             : 1;
            }
        });
    }
    all.clear();
    CHECK(wrong == 0);
}
