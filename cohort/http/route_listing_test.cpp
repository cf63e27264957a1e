#include <cohort/http/route_listing.hpp>

#include <cohort/http/auth/permission.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

using namespace cohort;

namespace {

http::response plain(const http::request&) { return http::no_content(); }
task<http::response> later(http::request&) { co_return http::no_content(); }

}  // namespace

TEST_CASE("the listing has a line for each route, of groups and mounted routers, too")
{
    http::router api;
    api.get("/users/{id}", plain, {.notes = {http::permission{"users:read"}}});
    auto v1 = api.group("/v1");
    v1.use(http::hooks{.name = "guard"});
    v1.any("/{rest...}", later);
    http::router admin;
    admin.post("/jobs", plain, {.cpu_bound = true, .notes = {http::open_to_all{}}});
    api.mount("/admin", std::move(admin));
    REQUIRE(api.freeze());

    std::string listing = http::route_listing(api);
    constexpr std::string_view file = "_test.cpp:";
    for (std::size_t at = listing.find(file); at != std::string::npos; at = listing.find(file, at))
    {
        at += file.size();
        listing.erase(at, listing.find('\n', at) - at);
    }
    CHECK(listing ==
          "POST  /admin/jobs    everybody   lane       -      route_listing_test.cpp:\n"
          "GET   /users/{id}    users:read  plain      -      route_listing_test.cpp:\n"
          "any   /v1/{rest...}  -           coroutine  guard  route_listing_test.cpp:\n");
}

TEST_CASE("a router without routes has an empty one")
{
    http::router api;
    REQUIRE(api.freeze());
    CHECK(http::route_listing(api).empty());
}
