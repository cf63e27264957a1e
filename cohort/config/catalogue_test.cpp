#include <cohort/config/catalogue.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

using namespace cohort::config;

TEST_CASE("every key is there once, and says what it means")
{
    std::set<std::string_view> names;
    for (const key& k : catalogue()) {
        CAPTURE(k.name);
        CHECK(names.insert(k.name).second);
        CHECK_FALSE(k.type.empty());
        CHECK_FALSE(k.meaning.empty());
        CHECK(find_key(k.name) == &k);
        CHECK_FALSE(is_section(k.name));
    }
    CHECK(find_key("restart") == nullptr);
    CHECK(is_section("restart"));
    CHECK_FALSE(is_section("rest"));
}

TEST_CASE("a section knows what stands inside it")
{
    const auto inside = [](std::string_view section, std::string_view name) {
        const auto names = names_inside(section);
        return std::ranges::find(names, name) != names.end();
    };
    CHECK(inside("", "exec"));
    CHECK(inside("", "restart"));
    CHECK_FALSE(inside("", "log"));
    CHECK(inside("log", "level"));
    CHECK(inside("restart", "give_up"));
    CHECK_FALSE(inside("restart", "timeout"));
}

TEST_CASE("the manual has every key with its type, default, effect and meaning, and no other")
{
    std::ifstream page{COHORT_SOURCE_DIR "/docs/manual/configuration.md"};
    REQUIRE(page);
    std::vector<std::string> rows;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("| `") && line.ends_with(" |"))
            rows.push_back(line);
    }
    for (const key& k : catalogue()) {
        // A ThreadSanitizer build has another default for one key.
        const std::string builtin = k.name == "keepers" ? "true" : default_of(k);
        std::string type{k.type};
        const std::string row = "| `" + std::string{k.name} + "` | " + type + " | `" + builtin +
                                "` | " + std::string{name_of(k.when)} + " | " +
                                std::string{k.meaning} + " |";
        CAPTURE(row);
        const auto found = std::ranges::find(rows, row);
        REQUIRE(found != rows.end());
        rows.erase(found);
    }
    CAPTURE(rows.empty() ? std::string{} : rows.front());
    CHECK(rows.empty());
}
