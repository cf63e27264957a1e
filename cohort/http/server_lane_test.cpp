// Middleware of routes whose handler computes on a lane.
#include <cohort/async/lanes.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

#include <semaphore>
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
    std::counting_semaphore<8> go{0};
    h.api.use(passed.around());
    h.api.get("/compute",
              [&](const request&) {
                  go.acquire();
                  return text("done");
              },
              {.cpu_bound = true});
    lanes::of(h.loop).configure(1, 1);
    client first = h.connect();
    first.say(get("/compute"));
    h.until([&] { return lanes::of(h.loop).busy() == 1; });
    client second = h.connect();
    client third = h.connect();
    second.say(get("/compute"));
    third.say(get("/compute"));
    h.until([&] {
        second.listen();
        third.listen();
        return second.has("503") || third.has("503");
    });
    CHECK((second.has("503") ? second : third).has("X-Gate: passed"));
    go.release(3);
    h.hear(first, "done");
    h.until([&] { return h.serving->running() == 0; });
    CHECK(passed.inside == 0);
}

TEST_CASE("middleware may cut its own connection while it sees the 503 of full lanes")
{
    house h;
    std::counting_semaphore<8> go{0};
    int cut = 0;
    h.api.use(hooks{.name = "cutter", .after = [&](const request& of, response& answer) {
                        if (answer.status() != 503)
                            return;
                        ++cut;
                        h.serving->stop();
                        CHECK(of.path() == "/compute");  // it is still there
                    }});
    h.api.get("/compute",
              [&](const request&) {
                  go.acquire();
                  return text("done");
              },
              {.cpu_bound = true});
    lanes::of(h.loop).configure(1, 1);
    client first = h.connect();
    first.say(get("/compute"));
    h.until([&] { return lanes::of(h.loop).busy() == 1; });
    client second = h.connect();
    client third = h.connect();
    second.say(get("/compute"));
    third.say(get("/compute"));
    h.until([&] { return cut != 0; });
    go.release(3);
    h.until([&] { return h.serving->running() == 0; });
    CHECK(h.serving->connections() == 0);
}
