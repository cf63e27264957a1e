#include <cohort/http/middleware/shed.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/http/detail/middleware_test.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <exception>
#include <optional>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;
using cohort::http::detail::around;
using cohort::http::detail::parsed;

namespace {

/// Runs one request through the coroutines of `one`.
unsigned run(around& one, boost::asio::io_context& loop)
{
    one.open();
    parsed asked{"GET /"};
    unsigned status = 0;
    boost::asio::co_spawn(loop, one.api.plan_for(asked.of).to->run_async(asked.of),
                          [&](std::exception_ptr why, response answer) {
                              CHECK(why == nullptr);
                              status = answer.status();
                          });
    loop.restart();
    loop.run();
    return status;
}

}  // namespace

TEST_CASE(
    "more requests than may be under way are refused before they begin, with a time to return")
{
    around one;
    one.use(shed({.in_flight_max = 2}));
    one.open();
    const auto refused = shed_now().refused;
    {
        parsed first{"GET /"};
        parsed second{"GET /"};
        CHECK(one.api.plan_for(first.of).to->run(first.of).status() == 200);
        CHECK(one.api.plan_for(second.of).to->run(second.of).status() == 200);
        CHECK(shed_now().in_flight == 2);
        const auto third = one.get();
        CHECK(third.status() == 503);
        const auto after = parse_integer<int>(third.header("Retry-After").value_or(""));
        REQUIRE(after);
        CHECK((*after >= 1 && *after <= 5));
        CHECK(shed_now().refused == refused + 1);
    }
    CHECK(shed_now().in_flight == 0);
    CHECK(one.get().status() == 200);
}

TEST_CASE("a request inside of two bounds counts for both until it ends")
{
    around one;
    one.use(shed({.in_flight_max = 1})).use(shed({.in_flight_max = 9}));
    one.open();
    parsed first{"GET /"};
    CHECK(one.api.plan_for(first.of).to->run(first.of).status() == 200);
    CHECK(shed_now().in_flight == 2);
    CHECK(one.get().status() == 503);
}

TEST_CASE("a request ends where it ends: one that was refused further in counts no more")
{
    around one;
    one.use(shed({.in_flight_max = 1}))
        .use({.name = "guard",
              .before = [](request&) -> std::optional<response> { return response{401}; }});
    CHECK(one.get().status() == 401);
    CHECK(one.get().status() == 401);
}

TEST_CASE("a route with the note is answered all the same")
{
    around one;
    one.use(shed({.in_flight_max = 0}));
    one.options.notes = {never_shed{}};
    CHECK(one.get().status() == 200);
    CHECK(one.get("/absent").status() == 503);
}

TEST_CASE("a loop that comes round late again and again is overloaded, and recovers")
{
    boost::asio::io_context loop{1};
    around one;
    // Every delay is over this bound, and the interval passes at once.
    one.api.use(shed_by_delay({.queue_delay_max = -1ns, .interval = 0ns}));
    CHECK(run(one, loop) == 200);
    CHECK(run(one, loop) == 503);

    around calm;
    calm.api.use(shed_by_delay({.queue_delay_max = 1h}));
    CHECK(run(calm, loop) == 200);
    CHECK(run(calm, loop) == 200);
}
