#include <cohort/primary/reload_trace.hpp>

#include <cohort/observe/recorded_test.hpp>

#include <doctest/doctest.h>

using namespace cohort;
using namespace cohort::primary;
using observe::attribute_of;

TEST_CASE("a reload is a trace, of its errands and of how it ended, whatever the sampler says")
{
    observe::tracer::configure(observe::by_test_clock(observe::nothing()));
    auto& by = observe::tracer::here();
    const auto ring = by.ring().find();
    const auto trouble = by.trouble().find();
    REQUIRE(ring);
    REQUIRE(trouble);
    observe::export_reader reader{*ring};
    observe::export_reader troubles{*trouble};
    const auto take = [](observe::export_reader& from) {
        std::vector<boost::json::object> all;
        for (const auto& each : from.take({.items = 100, .bytes = 1 << 20}, now()))
            all.push_back(boost::json::parse(each.text).as_object());
        return all;
    };
    reload_trace good{"reload", 1};
    good.step({.what = errand::replace, .slot = 3}).end();
    good.ended(roll_end::replaced, 2, {});
    const auto went_well = take(reader);
    REQUIRE(went_well.size() == 2);
    CHECK(went_well[0].at("name") == "replace");
    CHECK(attribute_of(went_well[0], "cohort.slot") == "3");
    CHECK(went_well[0].at("parentSpanId") == went_well[1].at("spanId"));
    CHECK(went_well[1].at("name") == "reload");
    CHECK(attribute_of(went_well[1], "cohort.generation.before") == "1");
    CHECK(attribute_of(went_well[1], "cohort.generation.after") == "2");
    CHECK(attribute_of(went_well[1], "cohort.reload.end") == "replaced");
    CHECK(take(troubles).empty());

    reload_trace bad{"rollback", 2};
    bad.ended(roll_end::rolled_back, 2, "it does worse");
    const auto failed = take(troubles);
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].at("name") == "rollback");
    CHECK(failed[0].at("status").at("message") == "it does worse");
    observe::tracer::configure({});
}
