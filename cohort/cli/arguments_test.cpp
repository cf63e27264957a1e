#include <cohort/cli/arguments.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::cli;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

constexpr auto known = std::to_array<flag_rule>({
    {"--workers", "-w", "N", ""},
    {"--bind", "-b", "ADDR", ""},
    {"--json", "", "", ""},
    {"--follow", "-f", "", ""},
    {"--wait", "", "DURATION", ""},
});

result<arguments> read(const strings& words, arguments::is_program programs = nullptr)
{
    return arguments::parse(words, known, programs);
}

bool no_toml(std::string_view word) { return !word.ends_with(".toml"); }

std::string complaint(const strings& words)
{
    const auto args = read(words);
    REQUIRE_FALSE(args);
    return args.error().subject();
}

}  // namespace

TEST_CASE("a value may be written in four ways, and the last one counts")
{
    for (const strings& words : {strings{"--workers", "8"}, strings{"--workers=8"},
                                 strings{"-w", "8"}, strings{"-w8"}, strings{"-w1", "-w8"}})
    {
        const auto args = read(words);
        REQUIRE(args);
        CHECK(args->value("--workers") == "8");
    }
}

TEST_CASE("a flag can be given several times")
{
    const auto args = read({"-b", "8080", "--bind=unix:/x", "api"});
    REQUIRE(args);
    CHECK(args->values("--bind") == strings{"8080", "unix:/x"});
    CHECK(args->words() == strings{"api"});
    CHECK_FALSE(args->value("--workers"));
}

TEST_CASE("-1 is a word: it scales down")
{
    const auto args = read({"api", "-1", "--json"});
    REQUIRE(args);
    CHECK(args->words() == strings{"api", "-1"});
    CHECK(args->flag("--json"));
}

TEST_CASE("what follows -- are words")
{
    const auto args = read({"api", "--", "--workers", "-x"});
    REQUIRE(args);
    CHECK(args->words() == strings{"api", "--workers", "-x"});
    CHECK(args->rest().empty());
}

TEST_CASE("what follows the name of a program is for the program")
{
    const auto args = read({"-w", "2", "./server", "--workers", "9", "--"}, no_toml);
    REQUIRE(args);
    CHECK(args->words() == strings{"./server"});
    CHECK(args->rest() == strings{"--workers", "9", "--"});
    CHECK(args->value("--workers") == "2");
    const auto after = read({"-w", "2", "--", "./server", "--workers"}, no_toml);
    REQUIRE(after);
    CHECK(after->words() == strings{"./server"});
    CHECK(after->rest() == strings{"--workers"});
}

TEST_CASE("what follows a file is for the command")
{
    const auto args = read({"a.toml", "--workers", "9", "junk"}, no_toml);
    REQUIRE(args);
    CHECK(args->words() == strings{"a.toml", "junk"});
    CHECK(args->value("--workers") == "9");
    CHECK(args->rest().empty());
    CHECK_FALSE(read({"a.toml", "--wrokers"}, no_toml));
}

TEST_CASE("what makes no sense is said, with the nearest flag")
{
    CHECK(complaint({"--worker", "1"}) == "no flag --worker; did you mean --workers?");
    CHECK(complaint({"--workers"}) == "--workers needs a value: N");
    CHECK(complaint({"--json=yes"}) == "--json takes no value");
    CHECK(complaint({"-q"}) == "no flag -q");
}

TEST_CASE("durations carry their unit")
{
    const auto args = read({"--wait", "1m"});
    REQUIRE(args);
    CHECK(args->duration("--wait", 5s) == 60s);
    CHECK(args->duration("--none", 5s) == 5s);
    const auto bare = read({"--wait", "90"});
    REQUIRE(bare);
    CHECK_FALSE(bare->duration("--wait", 5s));
}
