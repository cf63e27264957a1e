#include <cohort/http/limiting/limit_table.hpp>

#include <cohort/base/random.hpp>

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t start = 1'000 * second;

class own_table {
public:
    explicit own_table(std::size_t keys)
        : lines_(limit_table::bytes_for(keys) / sizeof(line)),
          table{std::as_writable_bytes(std::span{lines_})}
    {}

private:
    struct alignas(64) line {
        std::array<std::byte, 64> bytes{};
    };
    std::vector<line> lines_;

public:
    limit_table table;
};

limit_rule rule(limit_rule::measures given) { return limit_rule::of(given).value(); }

}  // namespace

TEST_CASE("each key has its own limit, and the hash is the table's secret")
{
    own_table one{64};
    own_table other{64};
    CHECK(one.table.hash("a") == one.table.hash("a"));
    CHECK(one.table.hash("a") != one.table.hash("b"));
    CHECK(one.table.hash("a") != other.table.hash("a"));

    const auto by = rule({.limit = 2, .window = 60s, .kind = limit_kind::fixed_window});
    const auto a = one.table.hash("a");
    const auto b = one.table.hash("b");
    CHECK(one.table.hit(by, a, start).remaining == 1);
    CHECK(one.table.hit(by, b, start).remaining == 1);
    const limit_ruling second_hit = one.table.hit(by, a, start);
    CHECK(second_hit.remaining == 0);
    CHECK_FALSE(one.table.hit(by, a, start).admitted);
    one.table.give_back(by, a, second_hit.next, start);
    CHECK(one.table.hit(by, a, start).admitted);
    CHECK_FALSE(one.table.hit(by, a, start).admitted);
    CHECK(one.table.hit(by, a, start + 60 * second).admitted);
    CHECK(one.table.evicted() == 0);
}

TEST_CASE("keys that have faded make room without a loss")
{
    own_table one{8};
    const auto by = rule({.limit = 2, .window = 1s, .kind = limit_kind::fixed_window});
    for (std::uint64_t i = 0; i < 1'000; ++i)
        CHECK(one.table.hit(by, one.table.hash(std::to_string(i)), start + i * second).admitted);
    CHECK(one.table.evicted() == 0);
}

TEST_CASE("however many keys come, nobody is refused who did not get the limit itself just before")
{
    // Eviction only loosens: what strangers do never takes anything from a key.
    random_source dice{random_source::from_kernel().next()};
    for (const limit_kind kind : {limit_kind::gcra, limit_kind::fixed_window}) {
        own_table one{32};
        const auto by = rule({.limit = 3, .window = 2s, .kind = kind});
        std::map<std::uint64_t, std::vector<std::uint64_t>> admitted;
        std::uint64_t now = start;
        std::uint64_t refused = 0;
        for (int i = 0; i < 50'000; ++i) {
            const std::uint64_t key = one.table.hash(std::to_string(dice.next() % 100));
            now += dice.next() % 2'000'000;
            std::vector<std::uint64_t>& times = admitted[key];
            if (one.table.hit(by, key, now).admitted) {
                times.push_back(now);
                continue;
            }
            ++refused;
            REQUIRE(times.size() >= 3);
            REQUIRE(now - times[times.size() - 3] <= 2 * second + 1'000);
        }
        CHECK(one.table.evicted() > 0);
        CHECK(refused > 0);
    }
}

TEST_CASE("threads that hammer a few new keys never get more than the limit")
{
    for (int round = 0; round < 200; ++round) {
        own_table one{8};
        const auto by = rule({.limit = 5, .window = 60s, .kind = limit_kind::fixed_window});
        std::array<std::atomic<int>, 3> admitted{};
        std::vector<std::jthread> crowd;
        for (int who = 0; who < 4; ++who) {
            crowd.emplace_back([&] {
                for (std::size_t i = 0; i < 30; ++i) {
                    const auto key = one.table.hash(std::to_string(i % admitted.size()));
                    admitted[i % admitted.size()] += one.table.hit(by, key, start).admitted ? 1 : 0;
                }
            });
        }
        crowd.clear();
        for (const auto& each : admitted)
            REQUIRE(each == 5);
    }
}

TEST_CASE("a limit that was made shorter holds nobody in the table for the time of the longer one")
{
    own_table one{8};
    const auto key = one.table.hash("a");
    const auto hour = rule({.limit = 1, .window = 1h});
    const auto brief = rule({.limit = 1, .window = 10s});
    CHECK(one.table.hit(hour, key, start).admitted);
    const limit_ruling refused = one.table.hit(brief, key, start);
    CHECK_FALSE(refused.admitted);
    CHECK(refused.more_in == 10s);
    CHECK_FALSE(one.table.hit(brief, key, start + 9 * second).admitted);
    CHECK(one.table.hit(brief, key, start + 10 * second).admitted);
}
