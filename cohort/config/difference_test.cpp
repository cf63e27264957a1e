#include <cohort/config/difference.hpp>

#include <doctest/doctest.h>

using namespace cohort::config;
using namespace std::chrono_literals;

TEST_CASE("settings that are the same differ in nothing")
{
    CHECK(compare(settings{}, settings{}).changes.empty());
    CHECK(compare(settings{}, settings{}).outcome() == outcome::nothing);
    CHECK(text(compare(std::vector{settings{}}, std::vector{settings{}})) == "nothing changes\n");
}

TEST_CASE("each changed key is named with both values, and the greatest effect counts")
{
    settings after;
    after.restart.backoff_ceiling = 1min;
    CHECK(compare(settings{}, after).outcome() == outcome::live);
    after.limit.head_bytes = 32U << 10;
    CHECK(compare(settings{}, after).outcome() == outcome::recycle);
    CHECK(compare(settings{}, after).changes ==
          std::vector<change>{{"restart.backoff", "\"100ms..30s\"", "\"100ms..1m\"", effect::live},
                              {"limit.head", "\"16K\"", "\"32K\"", effect::recycle}});
    after.backlog = 1;
    CHECK(compare(settings{}, after).outcome() == outcome::restart);
}

TEST_CASE("values of environment variables are never shown")
{
    settings before;
    before.env = {{"KEPT", "same"}, {"CHANGED", "hush-1"}, {"GONE", "hush-2"}};
    before.secrets = {{"MOVED", {"/run/a", -1}}};
    settings after;
    after.env = {{"KEPT", "same"}, {"CHANGED", "hush-3"}, {"NEW", "hush-4"}};
    after.secrets = {{"MOVED", {{}, 5}}};
    CHECK(compare(before, after).changes ==
          std::vector<change>{{"env.CHANGED", "set", "set to another value", effect::recycle},
                              {"env.GONE", "set", "not set", effect::recycle},
                              {"env.MOVED", "{file = \"/run/a\"}", "{fd = 5}", effect::recycle},
                              {"env.NEW", "not set", "set", effect::recycle}});
    CHECK(text(compare(std::vector{before}, std::vector{after})).find("hush") == std::string::npos);
}

TEST_CASE("the token of the dashboard is never shown")
{
    settings before;
    settings after;
    after.admin.token = std::string{"hush-hush-hush-1"};
    CHECK(compare(before, after).changes ==
          std::vector<change>{{"admin.token", "not set", "set", effect::restart}});
    before.admin.token = std::string{"hush-hush-hush-2"};
    CHECK(compare(before, after).changes ==
          std::vector<change>{{"admin.token", "set", "set to another value", effect::restart}});
    after.admin.token = before.admin.token;
    after.admin.view_token = std::string{"hush-hush-hush-3"};
    CHECK(compare(before, after).changes ==
          std::vector<change>{{"admin.view_token", "not set", "set", effect::restart}});
}

TEST_CASE("apps come and go by their names")
{
    settings api;
    api.name = std::string{"api"};
    settings old;
    old.name = std::string{"old"};
    settings fresh;
    fresh.name = std::string{"fresh"};
    settings wider = api;
    wider.lanes = 9;
    const auto plan = compare({api, old}, {fresh, wider});
    REQUIRE(plan.size() == 3);
    CHECK(plan[0].what == app_difference::fate::added);
    CHECK(plan[1].what == app_difference::fate::kept);
    CHECK(plan[2].what == app_difference::fate::removed);
    CHECK(text(plan) == "fresh: added\napi: lanes: 4 -> 9 (recycle)\nold: removed\n");
}
