#include <cohort/primary/end_words.hpp>

#include <cohort/control/protocol.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::primary;
using namespace std::chrono_literals;

namespace {

/// An end after which so many bytes of each kind are left; the n-th is the later the larger n.
slot_end end_of(int n, std::size_t bytes)
{
    boost::json::object details{{"file", "/crashes/" + std::to_string(n) + ".json"}};
    details["log"] = std::string(bytes, 'l');
    slot_end made{.who = {},
                  .how = {process::exit_reason::exited(1), {}},
                  .when = wall_time{} + seconds{n},
                  .lived = 1s,
                  .served = 1s,
                  .report = std::string(bytes, 'r')};
    made.details = std::make_shared<const boost::json::object>(std::move(details));
    made.story = std::string(bytes, 's');
    return made;
}

std::size_t bytes_of(const std::vector<boost::json::object>& all)
{
    boost::json::array list;
    list.reserve(all.size());
    for (const auto& each : all)
        list.emplace_back(each);
    return boost::json::serialize(list).size();
}

std::string text_of(const boost::json::object& words, const char* name)
{
    return std::string{words.at(name).as_string()};
}

}  // namespace

TEST_CASE("the latest ends are told as a whole, of the others there is where to read")
{
    const std::vector<slot_end> ends{end_of(2, 1000), end_of(3, 1000), end_of(1, 1000)};
    const auto told = words_of(ends, 9000);
    REQUIRE(told.size() == 3);
    CHECK(text_of(told[0], "story") == ends[0].story);
    CHECK(text_of(told[0], "report") == ends[0].report);
    CHECK(told[0].at("log").as_string().size() == 1000);
    CHECK_FALSE(told[0].contains("shortened"));
    CHECK(text_of(told[1], "story") == ends[1].story);
    CHECK(told[2].at("shortened").as_bool());
    CHECK(text_of(told[2], "file") == "/crashes/1.json");
    CHECK_FALSE(told[2].contains("story"));
    CHECK_FALSE(told[2].contains("report"));
    CHECK_FALSE(told[2].contains("log"));
}

TEST_CASE("what all slots of a large machine have to tell of their ends fits into an answer")
{
    std::vector<slot_end> ends;
    ends.reserve(512);
    for (int n = 0; n < 512; ++n)
        ends.push_back(end_of(n, std::size_t{32} << 10));
    constexpr std::size_t room = std::size_t{3} << 20;
    const auto told = words_of(ends, room);
    CHECK(bytes_of(told) < room + 4096);
    CHECK(bytes_of(told) < control::word_bytes_max);
    CHECK(told.back().contains("story"));
    CHECK(told.front().contains("shortened"));
}
