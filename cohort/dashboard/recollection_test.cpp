#include <cohort/dashboard/recollection.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace cohort::dashboard;
namespace json = boost::json;

namespace {

json::object object(json::string_view text) { return json::parse(text).as_object(); }

}  // namespace

TEST_CASE("events are told in words, the last fifty of them")
{
    recollection past;
    CHECK_FALSE(past.take(object(R"({"sequence":1,"time":"2026-01-01T00:00:00.000Z","event":"stage",
        "slot":1,"from":"booting","to":"serving","why":"ready","worker":3,"pid":70})")));
    CHECK(past.take(object(R"({"time":"t","event":"end","slot":1,"pid":70,
        "reason":"killed by SIGSEGV","cause_words":"a bug"})")));
    CHECK_FALSE(past.take(object(R"({"time":"t","event":"scaled","from":2,"to":4})")));
    CHECK_FALSE(past.take(object(R"({"time":"t","event":"stopping"})")));
    const json::array seen = past.events();
    CHECK(json::serialize(seen.at(0)) ==
          R"({"at":"2026-01-01T00:00:00.000Z","slot":1,"kind":"stage",)"
          R"("words":"booting → serving (ready), pid 70"})");
    CHECK(seen.at(1).at("words") == "a worker (pid 70) ended: killed by SIGSEGV; a bug");
    CHECK(seen.at(2).at("words") == "scaled: from 2, to 4");
    CHECK(seen.at(2).at("slot").is_null());
    CHECK(seen.at(3).at("words") == "stopping");
    for (int i = 0; i < 100; ++i)
        past.take(object(R"({"event":"x"})"));
    CHECK(past.events().size() == recollection::events_max);
}

TEST_CASE("deaths are those that nobody asked for, the latest first")
{
    recollection past;
    past.take_ends(object(R"({"slots":[
        {"slot":0,"ends":[
            {"time":"2026-01-01T10:30:00.000Z","pid":5,"reason":"killed by SIGKILL","signal":9,
             "code":null,"asked_to_leave":false},
            {"time":"2026-01-01T10:20:00.000Z","pid":4,"reason":"exited 0","code":0,
             "asked_to_leave":true}]},
        {"slot":2,"ends":[
            {"time":"2026-01-01T10:40:00.000Z","pid":9,"reason":"killed by SIGABRT",
             "cause":"abort","cause_words":"abort() was called","file":"/r/9.json"},
            {"time":"2026-01-01T09:00:00.000Z","pid":8,"reason":"exited 1","code":1}]}]})"));
    const json::array seen = past.crashes();
    REQUIRE(seen.size() == 3);
    CHECK(seen.at(0).at("pid") == 9);
    CHECK(seen.at(0).at("slot") == 2);
    CHECK(seen.at(0).at("cause") == "abort");
    CHECK(seen.at(0).at("words") == "abort() was called");
    CHECK(seen.at(0).at("report") == "/r/9.json");
    CHECK(seen.at(1).at("cause") == "signal");
    CHECK(seen.at(1).at("report").is_null());
    CHECK(seen.at(2).at("cause") == "exit");
    CHECK(past.last_death(1).is_null());
    CHECK(past.last_death(0).at("words") == "killed by SIGKILL");
    using namespace std::chrono;
    const cohort::wall_time now = sys_days{January / 1 / 2026} + 10h + 50min;
    CHECK(past.deaths_in_hour(0, now) == 1);
    CHECK(past.deaths_in_hour(2, now) == 1);
    CHECK(past.deaths_in_hour(7, now) == 0);
}
