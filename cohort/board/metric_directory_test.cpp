#include <cohort/board/metric_directory.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace cohort::board;

namespace {

using outcome = metric_directory::outcome;

struct own_directory {
    std::unique_ptr<metric_head> head = std::make_unique<metric_head>();
    metric_directory view{*head};
    metric_text spare;
};

metric_record family(std::string key)
{
    return {.kind = metric_kind::family,
            .parent = 0,
            .cells = 0,
            .key = std::move(key),
            .rest = "what it is"};
}

}  // namespace

TEST_CASE("what was appended is read as it was, and nothing is behind it")
{
    own_directory all;
    CHECK_FALSE(all.view.look_at(0));
    REQUIRE(all.view.append(0, family("requests"), all.spare) == outcome::done);
    const metric_record series{.kind = metric_kind::series,
                               .parent = 0,
                               .cells = 1'000,
                               .key = std::string(77, 'x'),
                               .rest = ""};
    REQUIRE(all.view.append(1, series, all.spare) == outcome::done);

    const auto first = all.view.read(0);
    REQUIRE(first);
    CHECK(first->kind == metric_kind::family);
    CHECK(first->key == "requests");
    CHECK(first->rest == "what it is");
    const auto second = all.view.read(1);
    REQUIRE(second);
    CHECK(second->cells == 1'000);
    CHECK(second->key == series.key);
    CHECK(second->rest.empty());
    CHECK_FALSE(all.view.look_at(2));
    CHECK_FALSE(all.view.read(2));
}

TEST_CASE("who was slower gets nothing, and uses the room for its text again")
{
    own_directory all;
    metric_text yours;
    REQUIRE(all.view.append(0, family("mine"), all.spare) == outcome::done);
    CHECK(all.view.append(0, family("yours"), yours) == outcome::taken);
    CHECK(yours.words > 0);
    const auto taken = all.head->text_taken.load();
    CHECK(all.view.append(1, family("yours"), yours) == outcome::done);
    CHECK(all.head->text_taken.load() == taken);
    CHECK(all.view.read(0)->key == "mine");
    CHECK(all.view.read(1)->key == "yours");
}

TEST_CASE("what somebody scribbled over is not believed")
{
    own_directory all;
    REQUIRE(all.view.append(0, family("requests"), all.spare) == outcome::done);
    all.head->text[1] ^= 1;
    CHECK_FALSE(all.view.read(0));
    all.head->text[0] = ~std::uint64_t{0};
    CHECK_FALSE(all.view.read(0));
    all.head->entries[0].word = ~std::uint64_t{0};
    CHECK_FALSE(all.view.read(0));
    CHECK(all.view.look_at(0)->kind == metric_kind::none);
    CHECK_FALSE(all.view.look_at(metric_entries_max));
}

TEST_CASE("a directory without room for text refuses")
{
    own_directory all;
    all.head->text_taken = metric_text_words - 2;
    CHECK(all.view.append(0, family("requests"), all.spare) == outcome::full);
    metric_record little = family("a");
    little.rest = "";
    CHECK(all.view.append(0, little, all.spare) == outcome::done);
    CHECK(all.view.read(0)->key == "a");
    CHECK(all.view.append(1, little, all.spare) == outcome::full);
    CHECK(all.view.append(1, family(std::string(9'000, 'x')), all.spare) == outcome::full);
    CHECK(all.view.append(metric_entries_max, little, all.spare) == outcome::full);
}

TEST_CASE("what is noted about an entry is there for all")
{
    own_directory all;
    REQUIRE(all.view.append(0, family("requests"), all.spare) == outcome::done);
    all.view.touch(0, 42);
    all.view.count_refused(0);
    all.view.count_refused(0);
    const metric_directory yours{*all.head};
    CHECK(yours.touched_ns(0) == 42);
    CHECK(yours.refused(0) == 2);
    CHECK(yours.refused(metric_entries_max) == 0);
}
