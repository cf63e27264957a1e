#include <cohort/http/sessions/memory_sessions.hpp>

#include <cohort/crypto/sha256.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;
using cohort::crypto::sha256;

namespace {

session_key key(int number) { return sha256(std::to_string(number)); }

}  // namespace

TEST_CASE("a session is there until it expires, and not in that second")
{
    memory_sessions all;
    CHECK(all.create(key(1), {"one", 100}, 0) == stored::done);
    CHECK(all.get(key(1), 99) == "one");
    CHECK_FALSE(all.get(key(2), 99));
    CHECK(all.replace(key(1), {"two", 200}, 99) == stored::done);
    CHECK(all.get(key(1), 199) == "two");
    CHECK_FALSE(all.get(key(1), 200));
    CHECK(all.size() == 0);
}

TEST_CASE("a session that is gone is not brought back by who still had it")
{
    memory_sessions all;
    CHECK(all.create(key(1), {"one", 100}, 0) == stored::done);
    CHECK(all.erase(key(1), 0) == stored::done);
    CHECK(all.replace(key(1), {"two", 100}, 0) == stored::absent);
    CHECK_FALSE(all.get(key(1), 0));
    CHECK(all.renew(key(1), "one", {"two", 100}, 0) == stored::absent);
    CHECK(all.erase(key(1), 0) == stored::absent);
    CHECK(all.create(key(2), {"one", 10}, 0) == stored::done);
    CHECK(all.replace(key(2), {"two", 100}, 10) == stored::absent);
}

TEST_CASE("who renews a session that another changed meanwhile leaves it as it is")
{
    memory_sessions all;
    CHECK(all.create(key(1), {"one", 100}, 0) == stored::done);
    CHECK(all.renew(key(1), "one", {"one, again", 150}, 0) == stored::done);
    CHECK(all.renew(key(1), "one", {"too late", 200}, 0) == stored::done);
    CHECK(all.get(key(1), 149) == "one, again");
    CHECK(all.erase(key(1), 150) == stored::absent);
}

TEST_CASE("who comes when all places are taken gets one that has expired, or none")
{
    memory_sessions all{{.sessions = 3}};
    for (int i = 0; i < 3; ++i)
        CHECK(all.create(key(i), {"x", i == 1 ? 50 : 110}, 0) == stored::done);
    CHECK(all.create(key(3), {"x", 100}, 49) == stored::full);
    CHECK(all.refused() == 1);
    CHECK(all.get(key(1), 49));
    CHECK(all.replace(key(1), {"y", 50}, 49) == stored::done);
    CHECK(all.create(key(3), {"x", 100}, 50) == stored::done);
    CHECK(all.size() == 3);
    CHECK(all.get(key(0), 50));
    CHECK(all.refused() == 1);
}

TEST_CASE("the bytes of all sessions are bounded, and one larger than all is refused")
{
    memory_sessions all{{.sessions = 100, .bytes = 1000}};
    for (int i = 0; i < 20; ++i)
        CHECK((all.create(key(i), {std::string(100, 'x'), 100 + i}, 0) == stored::done) ==
              (i < 10));
    CHECK(all.size() == 10);
    CHECK(all.refused() == 10);
    CHECK(all.create(key(50), {std::string(1001, 'x'), 100}, 200) == stored::full);
    CHECK(all.replace(key(9), {std::string(101, 'x'), 100}, 0) == stored::full);
    CHECK(all.get(key(9), 0) == std::string(100, 'x'));
    CHECK(all.replace(key(9), {std::string(1000, 'x'), 200}, 108) == stored::done);
    CHECK(all.size() == 1);
}
