#include <cohort/http/limiting/concurrency_limit.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/limiting/rate_limit.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/requester.hpp>

#include <fmt/format.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

std::string own_name()
{
    static int last = 0;
    return fmt::format("places-{}", ++last);
}

concurrency_limit_options at_a_time(std::uint64_t limit)
{
    return {.name = own_name(), .limit = limit, .counts = std::make_shared<limit_counts>()};
}

/// One request that is not over until it is destroyed.
struct pending {
    explicit pending(around& app, std::string_view fields = {}, request_source more = {})
        : one{"GET /", fields, {}, more}
    {
        app.open();
        status = app.api.plan_for(one.of).to->run(one.of).status();
    }
    parsed one;
    unsigned status;
};

/// Stands in for trust_proxies().
hooks introduced()
{
    return {.name = "introduced", .before = [](request& of) -> std::optional<response> {
                if (const auto from = of.header("X-From"))
                    of.attach(requester{.address = ip_address::parse(*from).value(), .host = ""});
                return std::nullopt;
            }};
}

}  // namespace

TEST_CASE("a key has so many requests under way, and one more is told so in the draft's form")
{
    around app;
    const auto choices = at_a_time(2);
    app.use(concurrency_limit(choices));
    {
        const response first = app.get();
        CHECK(first.status() == 200);
        CHECK(first.header("RateLimit") == fmt::format("\"{}\"; r=1", choices.name));
        CHECK(first.header("RateLimit-Policy")
                  ->starts_with(
                      fmt::format("\"{}\"; q=2; qu=\"concurrent-requests\"; pk=:", choices.name)));
        CHECK_FALSE(first.header("Retry-After"));
    }
    const pending one{app};
    const pending two{app};
    CHECK(choices.counts->under_way == 2);
    response third = app.get();
    CHECK(third.status() == 429);
    CHECK(third.header("RateLimit") == fmt::format("\"{}\"; r=0", choices.name));
    const auto wait = parse_integer<int>(third.header("Retry-After").value_or(""));
    REQUIRE(wait);
    CHECK((*wait >= 1 && *wait <= 5));
    CHECK(third.body().find(choices.name) != std::string_view::npos);
    CHECK(choices.counts->admitted == 3);
    CHECK(choices.counts->refused == 1);
    CHECK(choices.counts->uncounted == 0);
}

TEST_CASE("places are a client's, and one IPv6 site is one client")
{
    around app;
    app.use(introduced()).use(concurrency_limit(at_a_time(1)));
    const pending one{app, "X-From: 2001:db8:0:aa01::1\r\n"};
    const pending other{app, "X-From: 192.0.2.1\r\n"};
    CHECK(other.status == 200);
    CHECK(pending(app, "X-From: 2001:db8:0:aaff::2\r\n").status == 429);
    CHECK(pending(app, "X-From: 2001:db8:0:ab01::1\r\n").status == 200);
}

TEST_CASE("a place is free again when its request is over, however it ends")
{
    around app;
    const auto choices = at_a_time(1);
    app.use(concurrency_limit(choices));
    app.answers = []() -> response { throw std::runtime_error{"on purpose"}; };
    for (int i = 0; i < 3; ++i)
        CHECK(app.get().status() == 500);
    app.answers = []() -> response { throw refusal{404}; };
    for (int i = 0; i < 3; ++i)
        CHECK(app.get().status() == 404);
    CHECK(choices.counts->under_way == 0);

    // And when middleware further in has answered in its place.
    around guarded;
    guarded.use(concurrency_limit(choices))
        .use({.name = "guard",
              .before = [](request&) -> std::optional<response> { return response{401}; }});
    CHECK(guarded.get().status() == 401);
    CHECK(guarded.get().status() == 401);
}

TEST_CASE("limits in a row each have their own places, and all are told")
{
    around app;
    const auto wide = at_a_time(3);
    const auto narrow = at_a_time(1);
    app.use(rate_limit({.name = wide.name, .limit = 9, .kind = limit_kind::fixed_window}))
        .use(concurrency_limit(wide))
        .use(concurrency_limit(narrow));
    const pending one{app};
    const response refused = app.get();
    CHECK(refused.status() == 429);
    CHECK(refused.header("RateLimit") == fmt::format("\"{}\"; r=7; t=60, \"{}\"; r=1, \"{}\"; r=0",
                                                     wide.name, wide.name, narrow.name));
    CHECK(wide.counts->under_way == 1);
}

TEST_CASE("forms without words for it leave it out")
{
    around app;
    auto choices = at_a_time(1);
    choices.forms = limit_form::draft7;
    app.use(concurrency_limit(choices));
    const pending one{app};
    const response refused = app.get();
    CHECK(refused.status() == 429);
    CHECK(refused.header("Retry-After"));
    CHECK_FALSE(refused.header("RateLimit"));
    CHECK_FALSE(refused.header("RateLimit-Policy"));
}

TEST_CASE("a request that is run again is let in, and counted")
{
    around app;
    const auto choices = at_a_time(1);
    app.use(concurrency_limit(choices));
    const pending one{app};
    const pending again{app, {}, {.attempt = 2}};
    CHECK(again.status == 200);
    CHECK(choices.counts->under_way == 2);
    CHECK(app.get().status() == 429);
}

TEST_CASE("requests without a key are not counted")
{
    around app;
    auto choices = at_a_time(1);
    choices.key = limit_key{[](const request&) { return std::nullopt; }};
    app.use(concurrency_limit(choices));
    const pending one{app};
    CHECK(app.get().status() == 200);
    CHECK_FALSE(app.get().header("RateLimit"));
    CHECK(choices.counts->admitted == 0);
}

TEST_CASE("a streamed answer has its place to its end, or until its client has left")
{
    house h;
    const auto choices = at_a_time(1);
    h.api.use(concurrency_limit(choices));
    bool go_on = false;
    h.api.get("/stream", [&](const request&) {
        return stream("text/plain", [&](body_writer& out) -> awaitable<> {
            static_cast<void>(co_await out.write("begun"));
            while (!go_on)
                co_await sleep_for(1ms);
            static_cast<void>(co_await out.write("ended"));
        });
    });
    h.api.get("/endless", [](const request&) {
        return stream("text/plain", [](body_writer& out) -> awaitable<> {
            bool taken = true;
            while (taken) {
                const auto put = co_await out.write("more");
                co_await sleep_for(1ms);
                taken = put.has_value();
            }
        });
    });
    client one = h.connect();
    client other = h.connect();
    one.say(get("/stream"));
    h.hear(one, "begun");
    other.say(get("/stream"));
    h.hear(other, "429 Too Many Requests");
    CHECK(choices.counts->under_way == 1);
    go_on = true;
    h.hear(one, "ended");
    h.until([&] { return choices.counts->under_way == 0; });

    other.say(get("/endless"));
    h.hear(other, "more");
    CHECK(choices.counts->under_way == 1);
    other.socket.reset();
    h.until([&] { return choices.counts->under_way == 0; });
}

TEST_CASE("a client that leaves frees its place, and so does a handler that throws later")
{
    house h;
    const auto choices = at_a_time(1);
    h.api.use(concurrency_limit(choices));
    h.api.get("/never", [](const request&) -> task<response> {
        co_await sleep_for(1h);
        co_return text("never");
    });
    h.api.get("/broken", [](const request&) -> task<response> {
        co_await sleep_for(1ms);
        throw std::runtime_error{"on purpose"};
    });
    h.api.on_handler_error([](const request&, std::string_view) noexcept {});
    client one = h.connect();
    one.say(get("/never"));
    h.until([&] { return choices.counts->under_way == 1; });
    one.socket.reset();
    h.until([&] { return choices.counts->under_way == 0; });
    client other = h.connect();
    other.say(get("/broken"));
    h.hear(other, "500 Internal Server Error");
    h.until([&] { return choices.counts->under_way == 0; });
    other.say(get("/broken"));
    h.until([&] {
        other.listen();
        return other.count("500 Internal Server Error") == 2;
    });
}

TEST_CASE("in a storm of requests no more than the limit are ever in their handlers")
{
    constexpr int limit = 3;
    house h;
    const auto choices = at_a_time(limit);
    h.api.use(concurrency_limit(choices));
    int inside = 0;
    int most = 0;
    h.api.get("/", [&](const request&) -> task<response> {
        most = std::max(most, ++inside);
        co_await sleep_for(1ms);
        --inside;
        co_return text("done");
    });
    std::vector<client> crowd;
    for (int i = 0; i < 20; ++i)
        crowd.push_back(h.connect());
    constexpr int rounds = 20;
    for (int round = 1; round <= rounds; ++round) {
        for (client& each : crowd)
            each.say(get("/"));
        for (client& each : crowd)
            h.until([&] {
                each.listen();
                return each.count("HTTP/1.1 ") == round;
            });
    }
    CHECK(most == limit);
    CHECK(choices.counts->admitted + choices.counts->refused == rounds * crowd.size());
    CHECK(choices.counts->refused > 0);
    CHECK(choices.counts->under_way == 0);
}

TEST_CASE("threads of one process share its places, limits of one name too")
{
    constexpr unsigned limit = 2;
    const auto choices = at_a_time(limit);
    std::atomic<unsigned> inside{0};
    std::atomic<unsigned> most{0};
    std::vector<std::unique_ptr<around>> apps;
    for (int i = 0; i < 4; ++i) {
        apps.push_back(std::make_unique<around>());
        apps.back()->use(concurrency_limit(choices));
        apps.back()->answers = [&] {
            const unsigned now = ++inside;
            unsigned seen = most.load();
            while (seen < now && !most.compare_exchange_weak(seen, now)) {
            }
            std::this_thread::yield();
            --inside;
            return text("done");
        };
        apps.back()->open();
    }
    {
        std::vector<std::jthread> crowd;
        for (const auto& each : apps)
            crowd.emplace_back([&each] {
                for (int n = 0; n < 500; ++n)
                    static_cast<void>(each->get());
            });
    }
    CHECK(most <= limit);
    CHECK(choices.counts->admitted + choices.counts->refused == 2'000);
    CHECK(choices.counts->under_way == 0);
}

TEST_CASE("more than the commons have room for is counted by the process alone")
{
    around app;
    auto choices = at_a_time(1);
    choices.keys = 100'000;
    app.use(concurrency_limit(choices));
    const pending one{app};
    CHECK(one.status == 200);
    CHECK(app.get().status() == 429);
}

TEST_CASE("a limit that cannot be is refused when routes are set up")
{
    CHECK_THROWS_AS(static_cast<void>(concurrency_limit({.name = ""})), failure);
    CHECK_THROWS_AS(static_cast<void>(concurrency_limit({.name = "a", .limit = 0})), failure);
    CHECK_THROWS_AS(static_cast<void>(concurrency_limit({.name = "a", .limit = 1'000'001})),
                    failure);
}
