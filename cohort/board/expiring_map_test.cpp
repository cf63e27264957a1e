#include <cohort/board/expiring_map.hpp>

#include <cohort/base/random.hpp>
#include <cohort/board/detail/map_test.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::board;
using namespace cohort::board::detail;

using outcome = expiring_map::outcome;

TEST_CASE("a value is there until it expires, byte for byte, whatever its length")
{
    own_map all{{.entries = 100, .bytes = 1U << 20}};
    std::uint64_t number = 0;
    for (const std::size_t bytes :
         {0U, 1U, 7U, 8U, 9U, 199U, 200U, 201U, 455U, 456U, 457U, 4096U, 65'535U, 65'536U})
    {
        const std::string text = text_of(bytes, ++number);
        CHECK(all.map.put(key(number), {text, 100}, 0) == outcome::done);
        CHECK(all.map.get(key(number), 99) == text);
        const std::string next = text_of(bytes / 2, 1'000 + number);
        CHECK(all.map.replace(key(number), {next, 200}, 99) == outcome::done);
        CHECK(all.map.get(key(number), 199) == next);
        CHECK(all.map.put(key(number), {text, 50}, 199) == outcome::done);
        CHECK_FALSE(all.map.get(key(number), 50));
        CHECK_FALSE(all.map.get(key(number), 0));
    }
    CHECK(all.map.put(key(99), {text_of(65'537, 1), 100}, 0) == outcome::full);
    CHECK(all.map.size() == 0);
    CHECK(all.map.total().expired == number);
    CHECK(all.map.total().torn == 0);
}

TEST_CASE("what is gone is not brought back by who still had it")
{
    own_map all{small};
    CHECK(all.map.erase(key(1), 0) == outcome::absent);
    CHECK(all.map.put(key(1), {"one", 100}, 0) == outcome::done);
    CHECK(all.map.erase(key(1), 0) == outcome::done);
    CHECK(all.map.replace(key(1), {"two", 100}, 0) == outcome::absent);
    CHECK(all.map.renew(key(1), "one", {"two", 100}, 0) == outcome::absent);
    CHECK_FALSE(all.map.get(key(1), 0));
    CHECK(all.map.put(key(2), {"one", 10}, 0) == outcome::done);
    CHECK(all.map.replace(key(2), {"two", 100}, 10) == outcome::absent);
    CHECK(all.map.put(key(2), {"one", 10}, 0) == outcome::done);
    CHECK(all.map.erase(key(2), 10) == outcome::absent);
    CHECK(all.map.size() == 0);
}

TEST_CASE("who renews what has changed meanwhile changes nothing")
{
    own_map all{small};
    CHECK(all.map.put(key(1), {"one", 100}, 0) == outcome::done);
    CHECK(all.map.renew(key(1), "one", {"one, seen again", 150}, 0) == outcome::done);
    CHECK(all.map.renew(key(1), "one", {"too late", 200}, 0) == outcome::done);
    CHECK(all.map.get(key(1), 149) == "one, seen again");
    CHECK_FALSE(all.map.get(key(1), 150));
}

TEST_CASE("a full map takes what is new in the place of what has expired, or not at all")
{
    constexpr map_shape few_cells{.entries = 20, .bytes = 100 * 256};
    own_map all{few_cells};
    std::uint64_t put = 0;
    const auto until = [](std::uint64_t number) { return number % 3 == 0 ? 50 : 100; };
    while (all.map.put(key(put), {"x", until(put)}, 0) == outcome::done)
        ++put;
    CHECK(put >= few_cells.entries);
    CHECK(all.map.total().refused == 1);
    for (std::uint64_t i = 0; i < put; ++i)
        CHECK(all.map.get(key(i), 49) == "x");
    CHECK(all.map.replace(key(1), {"y", 100}, 49) == outcome::done);
    std::uint64_t again = 1'000;
    while (all.map.put(key(again), {"z", 100}, 50) == outcome::done)
        ++again;
    CHECK(again - 1'000 >= (put + 2) / 3 - 1);
    for (std::uint64_t i = 0; i < put; ++i)
        CHECK(all.map.get(key(i), 50).has_value() == (i % 3 != 0));
    CHECK(all.map.total().evicted == 0);
}

TEST_CASE("a map without room refuses what is new, and what is there can still change a little")
{
    own_map all{{.entries = 1'000, .bytes = 16 * 256}};
    const std::string eight = text_of(200 + 7 * 256, 1);
    const std::string seven = text_of(200 + 6 * 256, 2);
    CHECK(all.map.put(key(1), {eight, 100}, 0) == outcome::done);
    CHECK(all.map.put(key(2), {eight, 100}, 0) == outcome::full);
    CHECK(all.map.put(key(2), {seven, 100}, 0) == outcome::done);
    CHECK(all.map.put(key(3), {"", 100}, 0) == outcome::full);
    CHECK(all.map.replace(key(1), {seven, 100}, 0) == outcome::full);
    CHECK(all.map.get(key(1), 0) == eight);
    CHECK(all.map.total().refused == 3);
    CHECK(all.map.replace(key(2), {"short", 100}, 0) == outcome::done);
    CHECK(all.map.replace(key(1), {seven, 100}, 0) == outcome::done);
    CHECK(all.map.put(key(3), {"", 100}, 0) == outcome::done);
    CHECK(all.map.get(key(1), 0) == seven);
    CHECK(all.map.get(key(2), 0) == "short");
}

TEST_CASE("a map that evicts takes what would expire first, and never refuses")
{
    own_map all{{.entries = 1'000, .bytes = 16 * 256}, when_full::evict};
    for (std::uint64_t i = 0; i < 15; ++i)
        REQUIRE(all.map.put(key(i), {"x", 100 + static_cast<std::int64_t>(i)}, 0) == outcome::done);
    CHECK(all.map.put(key(50), {text_of(600, 1), 500}, 0) == outcome::done);
    CHECK(all.map.total().evicted == 2);
    for (std::uint64_t i = 0; i < 15; ++i)
        CHECK(all.map.get(key(i), 0).has_value() == (i >= 2));
    // Not itself, to make room for what it becomes.
    CHECK(all.map.replace(key(3), {text_of(600, 2), 103}, 0) == outcome::done);
    CHECK(all.map.get(key(3), 0) == text_of(600, 2));
    for (std::uint64_t i = 100; i < 400; ++i)
        CHECK(all.map.put(key(i), {text_of(i, i), 1'000}, 0) == outcome::done);
    CHECK(all.map.total().refused == 0);
    own_map sets{{.entries = 1, .bytes = 1U << 20}, when_full::evict};
    for (std::uint64_t i = 0; i < 400; ++i)
        CHECK(sets.map.put(key(i), {"x", 100 + static_cast<std::int64_t>(i)}, 0) == outcome::done);
    CHECK(sets.map.size() <= 32);
    CHECK(sets.map.get(key(399), 0) == "x");
}

TEST_CASE("a map has room for as many entries as it says")
{
    for (const std::size_t entries : {100U, 1'280U, 5'000U, 16'384U}) {
        own_map all{{.entries = entries, .bytes = (entries + 80) * 256}};
        for (std::uint64_t i = 0; i < entries; ++i)
            REQUIRE(all.map.put(key(i), {"x", 100}, 0) == outcome::done);
        CHECK(all.map.size() == entries);
        CHECK(all.map.total().refused == 0);
    }
}

TEST_CASE("nonsense in the map is no value, and nothing ends with it")
{
    random_source dice{7};
    for (int round = 0; round < 300; ++round) {
        own_map all{small, round % 2 == 0 ? when_full::refuse : when_full::evict};
        for (std::uint64_t i = 0; i < 20; ++i)
            REQUIRE(all.map.put(key(i), {text_of(i * 10, i), 100}, 0) == outcome::done);
        const std::size_t words = (all.shape.area_bytes() - sizeof(map_head)) / 8;
        const std::size_t near = round % 3 == 0 ? words : (small.sets() * 64 + 32 * 16) / 8;
        for (int i = 0; i < 60; ++i) {
            std::uint64_t value = dice.next();
            if (value % 4 == 0)
                value >>= 40;
            std::memcpy(all.memory + sizeof(map_head) + dice.next() % near * 8, &value, 8);
        }
        for (std::uint64_t i = 0; i < 40; ++i) {
            const auto there = all.map.get(key(i), 0);
            if (there)
                CHECK(*there == text_of(i * 10, i));
            static_cast<void>(all.map.replace(key(i), {"x", 200}, 0));
            static_cast<void>(all.map.put(key(i), {text_of(i * 30, i), 200}, 0));
            static_cast<void>(all.map.erase(key(i), 0));
            CHECK_FALSE(all.map.get(key(i), 0));
        }
    }
}

TEST_CASE("threads that write, read and erase at once see whole values")
{
    own_map all{{.entries = 64, .bytes = 256 * 256}};
    std::atomic<std::uint64_t> wrong{0};
    const auto work = [&](std::uint64_t seed) {
        random_source dice{seed};
        for (int i = 0; i < 20'000; ++i) {
            const std::uint64_t which = dice.next() % 8;
            const std::string text(dice.next() % 1'500, static_cast<char>('a' + which));
            switch (dice.next() % 6) {
                case 0:
                    // A key is put by one at a time.
                    if (which == seed)
                        static_cast<void>(all.map.put(key(which), {text, 100}, 0));
                    break;
                case 1:
                    static_cast<void>(all.map.erase(key(which), 0));
                    break;
                case 2:
                case 3:
                    static_cast<void>(all.map.replace(key(which), {text, 100}, 0));
                    break;
                default:
                    if (const auto there = all.map.get(key(which), 0))
                        wrong += there->find_first_not_of(static_cast<char>('a' + which)) !=
                                 std::string::npos;
            }
        }
    };
    {
        std::vector<std::jthread> all_threads;
        for (std::uint64_t seed = 0; seed < 4; ++seed)
            all_threads.emplace_back(work, seed);
    }
    CHECK(wrong == 0);
    CHECK(all.map.total().torn == 0);
    for (std::uint64_t i = 0; i < 8; ++i)
        static_cast<void>(all.map.erase(key(i), 0));
    CHECK(all.map.size() == 0);
    std::uint64_t fit = 0;
    while (all.map.put(key(100 + fit), {text_of(200, 1), 100}, 0) == outcome::done)
        ++fit;
    CHECK(fit >= 64);
}
