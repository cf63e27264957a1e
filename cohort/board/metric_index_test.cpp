#include <cohort/board/metric_index.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace cohort::board;

namespace {

using refusal = metric_index::refusal;

struct own_memory {
    std::unique_ptr<metric_head> head = std::make_unique<metric_head>();
    [[nodiscard]] metric_index index() const { return metric_index{metric_directory{*head}}; }
};

metric_record family(std::string key)
{
    return {
        .kind = metric_kind::family, .parent = 0, .cells = 0, .key = std::move(key), .rest = {}};
}

metric_record series(std::uint32_t parent, std::string key, std::uint32_t cells = 1)
{
    return {.kind = metric_kind::series,
            .parent = parent,
            .cells = cells,
            .key = std::move(key),
            .rest = {}};
}

}  // namespace

TEST_CASE("a family and its series have the same numbers and places for everybody")
{
    const own_memory all;
    metric_index mine = all.index();
    metric_index yours = all.index();
    REQUIRE(mine.enter(family("requests"), 0) == 0);
    REQUIRE(yours.enter(family("errors"), 0) == 1);
    REQUIRE(yours.enter(family("requests"), 0) == 0);
    REQUIRE(mine.enter(series(0, "GET"), 9) == 2);
    REQUIRE(yours.enter(series(1, "GET"), 9) == 3);
    CHECK(yours.enter(series(0, "GET"), 9) == 2);
    mine.update();
    REQUIRE(mine.entries().size() == yours.entries().size());
    for (std::size_t i = 0; i < mine.entries().size(); ++i)
        CHECK(mine.entries()[i].place == yours.entries()[i].place);
    CHECK(mine.entries()[2].place == 0);
    CHECK(mine.entries()[3].place == 1);
    CHECK(mine.entries()[0].series == 1);
}

TEST_CASE("a series lies in one page, and gauges in pages of their own")
{
    const own_memory all;
    metric_index index = all.index();
    REQUIRE(index.enter(family("f"), 0) == 0);
    REQUIRE(index.enter(series(0, "a", 600), 9) == 1);
    REQUIRE(index.enter(series(0, "b", 600), 9) == 2);
    metric_record gauge = series(0, "c");
    gauge.kind = metric_kind::gauge;
    REQUIRE(index.enter(gauge, 9) == 3);
    REQUIRE(index.enter(series(0, "d", metric_page_words - 600), 9) == 4);
    CHECK(index.entries()[1].place == 0);
    CHECK(index.entries()[2].place == metric_page_words);
    CHECK(index.entries()[3].place == metric_series_pages * metric_page_words);
    CHECK(index.entries()[4].place == metric_page_words + 600);
}

TEST_CASE("a family has so many series and no more, and one for all others")
{
    const own_memory all;
    metric_index index = all.index();
    REQUIRE(index.enter(family("f"), 0) == 0);
    REQUIRE(index.enter(series(0, "a"), 2));
    REQUIRE(index.enter(series(0, "b"), 2));
    CHECK(index.enter(series(0, "c"), 2).error() == refusal::family_full);
    CHECK(index.enter(series(0, "a"), 2) == 1);
    CHECK(index.enter(series(0, "other"), 0) == 3);
    CHECK(index.enter(series(7, "a"), 2).error() == refusal::full);
}

TEST_CASE("a full directory still takes families and series for all others")
{
    const own_memory all;
    metric_index index = all.index();
    REQUIRE(index.enter(family("f"), 0) == 0);
    std::size_t made = 0;
    while (index.enter(series(0, std::to_string(made)), metric_entries_max))
        ++made;
    CHECK(made == metric_entries_max - metric_entries_spare - 1);
    CHECK(index.enter(family("g"), 0));
    CHECK(index.enter(series(0, "other"), 0));
    CHECK(all.index().enter(series(0, "7"), metric_entries_max) == 8);
}

TEST_CASE("columns that are full refuse, and say so before anything is entered")
{
    const own_memory all;
    metric_index index = all.index();
    REQUIRE(index.enter(family("f"), 0) == 0);
    for (std::size_t i = 0; i < metric_series_pages; ++i)
        REQUIRE(index.enter(series(0, std::to_string(i), metric_page_words), 10'000));
    const std::size_t entries = index.entries().size();
    CHECK(index.enter(series(0, "x"), 10'000).error() == refusal::full);
    CHECK(index.entries().size() == entries);
}

TEST_CASE("an entry that was spoilt leaves all others where they are")
{
    const own_memory all;
    metric_index before = all.index();
    REQUIRE(before.enter(family("f"), 0) == 0);
    REQUIRE(before.enter(series(0, "a", 10), 9) == 1);
    REQUIRE(before.enter(series(0, "b", 10), 9) == 2);
    all.head->text[3] ^= 1;  // the first word of a's text, behind two of f's
    metric_index after = all.index();
    after.update();
    CHECK(after.entries()[1].what.kind == metric_kind::none);
    CHECK(after.entries()[2].place == before.entries()[2].place);
    CHECK(after.enter(series(0, "b", 10), 9) == 2);
}

TEST_CASE("many that enter the same series at once get the same ones, and no more than may be")
{
    const own_memory all;
    constexpr unsigned names = 300;
    constexpr std::size_t most = 200;
    std::vector<std::vector<std::uint32_t>> got(4, std::vector<std::uint32_t>(names));
    {
        std::vector<std::jthread> makers;
        for (unsigned who = 0; who < got.size(); ++who) {
            makers.emplace_back([&, who] {
                metric_index index = all.index();
                const auto parent = index.enter(family("f"), 0);
                for (unsigned i = 0; i < names; ++i) {
                    const unsigned which = (i * 7 + who * 50) % names;
                    got[who][which] =
                        index.enter(series(*parent, std::to_string(which)), most).value_or(0);
                }
            });
        }
    }
    metric_index index = all.index();
    index.update();
    CHECK(index.entries().size() == most + 1);
    std::set<std::string> keys;
    for (const auto& each : index.entries())
        CHECK(keys.insert(each.what.key).second);
    for (const auto& each : got) {
        for (unsigned i = 0; i < names; ++i)
            CHECK((each[i] == 0 || index.entries()[each[i]].what.key == std::to_string(i)));
    }
}
