#include "ledger.hpp"

#include "folder_test.hpp"

#include <doctest/doctest.h>

#include <cohort/base/error.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

const order what{.to = "DE02", .cents = 5, .currency = "EUR", .note = {}};

}  // namespace

TEST_CASE("a change and its answer are there together or not at all, whoever looks")
{
    const folder place;
    ledger one{place.database()};
    ledger two{place.database()};  // another worker
    one.prepare();
    const claim mine{.owner = "ada", .key = "key", .fingerprint = "print"};
    const auto fails = [&](ledger::writer& to) -> kept_answer {
        to.pay("ada", what);
        throw std::runtime_error{"changed my mind"};
    };
    CHECK_THROWS(one.once(mine, fails));
    CHECK(two.list({.owner = "ada", .after = 0, .limit = 9}).empty());

    const auto pays = [&](ledger::writer& to) {
        const std::string id = std::to_string(to.pay("ada", what).id);
        return kept_answer{.status = 201, .location = "/" + id, .body = id};
    };
    const auto made = one.once(mine, pays);
    CHECK(made.what == ledger::outcome::made);
    const auto again = two.once(mine, pays);
    CHECK(again.what == ledger::outcome::replayed);
    CHECK(again.answer.body == made.answer.body);
    CHECK(two.list({.owner = {}, .after = 0, .limit = 9}).size() == 1);
}

TEST_CASE(
    "while somebody writes others read what was there before, and who writes gives up in time")
{
    const folder place;
    ledger one{place.database()};
    ledger two{place.database(), std::chrono::milliseconds{20}};  // another worker
    one.prepare();
    const claim mine{.owner = "ada", .key = "key", .fingerprint = "print"};
    const auto pays = [](ledger::writer& to) {
        to.pay("ada", what);
        return kept_answer{.status = 201, .location = "/", .body = "{}"};
    };
    const auto meanwhile = [&](ledger::writer& to) {
        const kept_answer answer = pays(to);
        for (ledger* const each : {&one, &two}) {
            CHECK_FALSE(each->find(1));
            CHECK(each->list({.owner = {}, .after = 0, .limit = 9}).empty());
        }
        try {
            two.once({.owner = "bob", .key = "key", .fingerprint = "print"}, pays);
            FAIL("two have written at the same time");
        } catch (const cohort::failure& wrong) {
            CHECK(wrong.why().why() == cohort::errc::queue_full);
        }
        return answer;
    };
    CHECK(one.once(mine, meanwhile).what == ledger::outcome::made);
    CHECK(two.find(1));
    CHECK(two.once({.owner = "bob", .key = "key", .fingerprint = "print"}, pays).what ==
          ledger::outcome::made);
}

TEST_CASE("lanes of one worker write one after the other, and none is lost")
{
    const folder place;
    ledger book{place.database(), std::chrono::minutes{1}};
    book.prepare();
    constexpr int lanes = 4;
    constexpr int times = 10;
    {
        std::vector<std::jthread> all;
        for (int lane = 0; lane < lanes; ++lane) {
            all.emplace_back([&book, lane] {
                for (int i = 0; i < times; ++i) {
                    book.once({.owner = "ada",
                               .key = std::to_string(lane) + "/" + std::to_string(i),
                               .fingerprint = "print"},
                              [](ledger::writer& to) {
                                  to.pay("ada", what);
                                  return kept_answer{.status = 201, .location = "/", .body = ""};
                              });
                    static_cast<void>(book.list({.owner = "ada", .after = 0, .limit = 1}));
                }
            });
        }
    }
    CHECK(book.list({.owner = "ada", .after = 0, .limit = 99}).size() == lanes * times);
}

TEST_CASE("refunds never add up to more than was paid")
{
    const folder place;
    ledger book{place.database()};
    book.prepare();
    std::optional<bool> first;
    std::optional<bool> second;
    const auto refunds = [&](ledger::writer& to) {
        const payment made = to.pay("ada", what);
        first = to.refund(made.id, 3);
        second = to.refund(made.id, 3);
        CHECK_FALSE(to.refund(made.id + 1, 1));
        return kept_answer{.status = 201, .location = "/", .body = "{}"};
    };
    const claim mine{.owner = "ada", .key = "key", .fingerprint = "print"};
    CHECK(book.once(mine, refunds).what == ledger::outcome::made);
    CHECK(first == true);
    CHECK(second == false);
    REQUIRE(book.find(1));
    CHECK(book.find(1)->refunded == 3);
}

TEST_CASE("what cannot be a database is an error before anything is served")
{
    const folder place;
    ledger book{place.path.string()};
    CHECK_THROWS_AS(book.prepare(), std::runtime_error);
}
