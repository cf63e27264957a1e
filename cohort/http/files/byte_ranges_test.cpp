#include <cohort/http/files/byte_ranges.hpp>

#include <cohort/base/random.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http;

namespace {

using kind = range_choice::kind;
using ranges = std::vector<byte_range>;

ranges partial(std::string_view field, std::uint64_t size)
{
    const range_choice choice = choose_ranges(field, size);
    CHECK(choice.what == kind::partial);
    return choice.ranges;
}

}  // namespace

TEST_CASE("one range is cut to what there is")
{
    CHECK(partial("bytes=0-0", 10) == ranges{{0, 0}});
    CHECK(partial("BYTES=2-", 10) == ranges{{2, 9}});
    CHECK(partial("bytes=2-100", 10) == ranges{{2, 9}});
    CHECK(partial("bytes=-3", 10) == ranges{{7, 9}});
    CHECK(partial("bytes=-30", 10) == ranges{{0, 9}});
    CHECK(partial("bytes=9-18446744073709551616", 10) == ranges{{9, 9}});
    CHECK(partial("bytes= 1-2 , ,", 10) == ranges{{1, 2}});
}

TEST_CASE("what is no range of bytes is ignored, what lies outside is unsatisfiable")
{
    for (const char* const broken :
         {"", "bytes", "bytes=", "bytes=,", "lines=1-2", "bytes=a-b", "bytes=3-2", "bytes=-",
          "bytes=1-2,x", "bytes=1 - 2", "bytes=+1-2", "bytes=--1", "bytes=1-2-3", "bytes=0x1-2"})
    {
        CAPTURE(broken);
        CHECK(choose_ranges(broken, 10).what == kind::whole);
    }
    for (const char* const outside :
         {"bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"})
        CHECK(choose_ranges(outside, 10).what == kind::unsatisfiable);
    CHECK(choose_ranges("bytes=0-", 0).what == kind::unsatisfiable);
    CHECK(choose_ranges("bytes=-1", 0).what == kind::unsatisfiable);
    CHECK(partial("bytes=10-,1-1", 10) == ranges{{1, 1}});
}

TEST_CASE("several ranges keep their order, and become one where they touch")
{
    CHECK(partial("bytes=500-599,0-99", 1000) == ranges{{500, 599}, {0, 99}});
    CHECK(partial("bytes=0-99,50-149", 1000) == ranges{{0, 149}});
    CHECK(partial("bytes=0-99,100-149", 1000) == ranges{{0, 149}});
    CHECK(partial("bytes=0-9,90-99,0-9", 1000) == ranges{{0, 9}, {90, 99}});
    CHECK(partial("bytes=0-9,400-409,200-209,10-399", 1000) == ranges{{0, 409}});
    CHECK(partial("bytes=0-9,0-9,0-9", 1000) == ranges{{0, 9}});
    std::string many = "bytes=0-0";
    for (int i = 1; i < 10; ++i)
        many += fmt::format(",{}-{}", i * 100, i * 100);
    CHECK(partial(many, 1000).size() == 10);
    CHECK(choose_ranges(many + ",999-999", 1000).what == kind::unsatisfiable);
}

TEST_CASE("whatever is asked for is covered, no byte twice, and hardly more")
{
    random_source dice{20'261'129};
    for (int round = 0; round < 2000; ++round) {
        const std::uint64_t size = 1 + dice.next() % 700;
        const std::uint64_t count = 1 + dice.next() % byte_ranges_max;
        std::vector<int> wanted(size);
        std::string field = "bytes=";
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::uint64_t first = dice.next() % (size + 20);
            const std::uint64_t last = first + dice.next() % 40;
            field += fmt::format("{}{}-{}", i == 0 ? "" : ",", first, last);
            for (std::uint64_t at = first; at <= last && at < size; ++at)
                wanted[at] = 1;
        }
        CAPTURE(field);
        const range_choice choice = choose_ranges(field, size);
        std::vector<int> sent(size);
        for (const byte_range& each : choice.ranges) {
            REQUIRE(each.first <= each.last);
            REQUIRE(each.last < size);
            for (std::uint64_t at = each.first; at <= each.last; ++at)
                ++sent[at];
            REQUIRE(wanted[each.first] == 1);
            REQUIRE(wanted[each.last] == 1);
        }
        for (std::uint64_t at = 0; at < size; ++at) {
            REQUIRE(sent[at] <= 1);
            REQUIRE(sent[at] >= wanted[at]);
        }
    }
}
