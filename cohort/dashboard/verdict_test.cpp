#include <cohort/dashboard/verdict.hpp>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include <string_view>

using namespace cohort::dashboard;

namespace {

verdict of(std::string_view survey)
{
    return judge(boost::json::parse({survey.data(), survey.size()}).as_object());
}

}  // namespace

TEST_CASE("with as many workers as wanted it serves")
{
    const verdict seen = of(R"({"stage":"serving","wanted":2,"serving":2,"parked":0,"held":0,
        "slots":[{"name":"a.0","stage":"serving"},{"name":"a.1","stage":"serving"}]})");
    CHECK(name_of(seen.is) == "serving");
    CHECK(seen.ready);
    CHECK(seen.reason.empty());
}

TEST_CASE("with fewer it is degraded, says who is missing and why, and is asked nevertheless")
{
    const verdict seen = of(R"({"stage":"serving","wanted":3,"serving":1,"parked":1,"held":0,
        "slots":[{"name":"a.0","stage":"serving"},{"name":"a.1","stage":"resting"},
                 {"name":"a.2","stage":"parked","parked":"5 deaths within 30 s"}]})");
    CHECK(name_of(seen.is) == "degraded");
    CHECK(seen.ready);
    CHECK(seen.reason ==
          "1 of 3 workers serve: a.1 is resting, a.2 was given up (5 deaths within 30 s)");
}

TEST_CASE("who is kept out by an operator is no damage, unless nobody is left")
{
    const verdict some = of(R"({"stage":"serving","wanted":2,"serving":1,"parked":0,"held":1,
        "slots":[{"name":"a.0","stage":"serving"},{"name":"a.1","stage":"held"}]})");
    CHECK(name_of(some.is) == "serving");
    CHECK(some.reason == "a.1 is kept empty by an operator");
    const verdict none = of(R"({"stage":"serving","wanted":1,"serving":0,"parked":0,"held":1,
        "slots":[{"name":"a.0","stage":"held"}]})");
    CHECK(name_of(none.is) == "degraded");
    CHECK_FALSE(none.ready);
}

TEST_CASE("at the start nobody is asked, nor at the end")
{
    const verdict first = of(R"({"stage":"serving","wanted":1,"serving":0,"parked":0,"held":0,
        "slots":[{"name":"a.0","stage":"booting","restarts":0}]})");
    CHECK(name_of(first.is) == "starting");
    CHECK_FALSE(first.ready);
    const verdict again = of(R"({"stage":"serving","wanted":1,"serving":0,"parked":0,"held":0,
        "slots":[{"name":"a.0","stage":"booting","restarts":2}]})");
    CHECK(name_of(again.is) == "degraded");
    CHECK_FALSE(again.ready);
    const verdict last = of(R"({"stage":"stopping","wanted":1,"serving":1})");
    CHECK(name_of(last.is) == "draining");
    CHECK_FALSE(last.ready);
    CHECK_FALSE(of("{}").ready);
}

TEST_CASE("of many that are missing some are named")
{
    const verdict seen = of(R"({"stage":"serving","wanted":6,"serving":1,"parked":0,"held":0,
        "slots":[{"name":"a.0","stage":"serving"},{"name":"a.1","stage":"booting"},
        {"name":"a.2","stage":"booting"},{"name":"a.3","stage":"booting"},
        {"name":"a.4","stage":"booting"},{"name":"a.5","stage":"booting"}]})");
    CHECK(seen.reason.ends_with("a.3 is booting, and 2 more"));
}
