#include <cohort/dashboard/order_rule.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace cohort::dashboard;

TEST_CASE("each order is there once, with a verb that the admin socket takes")
{
    std::set<std::string> paths;
    for (const order_rule& each : order_rules()) {
        CAPTURE(each.name);
        const bool of_slot = each.whom == order_rule::of::slot;
        CHECK(paths.insert((of_slot ? "slot/" : "") + std::string{each.name}).second);
        CHECK(each.verb.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
        CHECK(each.budget > cohort::milliseconds{0});
        CHECK_FALSE(each.summary.empty());
        CHECK_FALSE(each.takes.empty());
    }
    CHECK(paths.contains("slot/drain"));
    CHECK(paths.contains("reload"));
}
