// What is counted, when there is no memory just then. A program of its own: it replaces operator
// new for all of it.
#include <cohort/http/client_counts.hpp>
#include <cohort/http/head_parser.hpp>
#include <cohort/http/limiting/concurrency_limit.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <string_view>

using namespace cohort;
using namespace cohort::http;

namespace {

/// How many allocations of this thread may still succeed before one fails. Nothing: all of them.
thread_local std::optional<int> allocations_left;

void* take_memory(std::size_t bytes)
{
    if (allocations_left && (*allocations_left)-- == 0) {
        allocations_left.reset();
        throw std::bad_alloc{};
    }
    if (void* const taken = std::malloc(bytes != 0 ? bytes : 1))
        return taken;
    throw std::bad_alloc{};
}

}  // namespace

void* operator new(std::size_t bytes) { return take_memory(bytes); }
void* operator new[](std::size_t bytes) { return take_memory(bytes); }
void operator delete(void* given) noexcept { std::free(given); }
void operator delete[](void* given) noexcept { std::free(given); }
void operator delete(void* given, std::size_t) noexcept { std::free(given); }
void operator delete[](void* given, std::size_t) noexcept { std::free(given); }

TEST_CASE("whichever allocation of a request fails, its place is free again")
{
    const concurrency_limit_options choices{
        .name = "no-memory", .limit = 2, .counts = std::make_shared<limit_counts>()};
    // Asked directly: a route would end the process.
    const hooks limit = concurrency_limit(choices);
    constexpr std::string_view bytes = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
    const limits bounds;
    head top{};
    head_parser parser{bounds};
    REQUIRE(parser.parse(bytes, top) == parse_status::done);
    int failed = 0;
    bool entered = false;
    for (int nth = 0; !entered; ++nth) {
        REQUIRE(nth < 1'000);
        request one{request_source{.top = head_view{top, bytes.data()}}};
        allocations_left = nth;
        try {
            entered = !limit.before(one) && allocations_left;
        } catch (const std::bad_alloc&) {
            ++failed;
        }
        allocations_left.reset();
    }
    CHECK(failed > 0);
    CHECK(choices.counts->under_way == 0);
    CHECK(choices.counts->refused == 0);
}

TEST_CASE("a connection that comes when there is no memory to count it is served all the same")
{
    client_counts counts{1, {}};
    const ip_address who = *ip_address::parse("192.0.2.1");
    allocations_left = 0;
    client_counts::entry* const none = counts.enter(who);
    allocations_left.reset();
    CHECK(none == nullptr);
    CHECK(counts.has_room(who));
    counts.leave(none);
    client_counts::entry* const one = counts.enter(who);
    CHECK(one != nullptr);
    CHECK_FALSE(counts.has_room(who));
    counts.leave(one);
    CHECK(counts.clients() == 0);
}
