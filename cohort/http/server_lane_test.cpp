// Middleware of routes whose handler computes on a lane.
#include <cohort/http/detail/gated_lane_test.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

/// Middleware that counts, and notes on which threads it ran.
struct gate {
    hooks around()
    {
        return {.name = "gate",
                .before = [this](request& of) -> std::optional<response> {
                    threads.insert(std::this_thread::get_id());
                    if (of.header("X-Stay-Out"))
                        return problem(403);
                    ++inside;
                    return std::nullopt;
                },
                .after =
                    [this](const request&, response& answer) {
                        threads.insert(std::this_thread::get_id());
                        --inside;
                        answer.header("X-Gate", "passed");
                    }};
    }
    std::set<std::thread::id> threads;
    int inside = 0;
};

}  // namespace

TEST_CASE("middleware runs on the loop, and what it refuses takes no place on a lane")
{
    house h;
    gate passed;
    std::atomic<int> computed{0};
    h.api.use(passed.around());
    h.api.get("/compute",
              [&](const request&) {
                  ++computed;
                  return text("computed");
              },
              {.cpu_bound = true});
    client c = h.connect();
    c.say("GET /compute HTTP/1.1\r\nHost: a\r\nX-Stay-Out: 1\r\n\r\n");
    h.hear(c, "403");
    CHECK(computed == 0);
    c.say(get("/compute"));
    h.hear(c, "computed");
    CHECK(c.has("X-Gate: passed"));
    CHECK(passed.inside == 0);
    CHECK(passed.threads == std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST_CASE("the 503 of full lanes passes through the middleware like any other answer")
{
    house h;
    gate passed;
    h.api.use(passed.around());
    gated_lane lane{h};
    lane.add_route();
    client first = lane.occupy(1);
    auto others = lane.two_more();
    CHECK(refused_one(h, others).has("X-Gate: passed"));
    lane.go.release(3);
    h.hear(first, "done");
    h.until([&] { return h.serving->running() == 0; });
    CHECK(passed.inside == 0);
}

TEST_CASE("middleware may cut its own connection while it sees the 503 of full lanes")
{
    house h;
    int cut = 0;
    h.api.use(hooks{.name = "cutter", .after = [&](const request& of, response& answer) {
                        if (answer.status() != 503)
                            return;
                        ++cut;
                        h.serving->stop();
                        CHECK(of.path() == "/compute");  // it is still there
                    }});
    gated_lane lane{h};
    lane.add_route();
    const client first = lane.occupy(1);
    const auto others = lane.two_more();
    h.until([&] { return cut != 0; });
    lane.go.release(3);
    h.until([&] { return h.serving->running() == 0; });
    CHECK(h.serving->connections() == 0);
}
