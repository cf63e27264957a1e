#include <cohort/http/telemetry/request_metrics.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/http/detail/counted_test.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/h2/detail/house_test.hpp>
#include <cohort/http/middleware/tracing.hpp>
#include <cohort/http/request_span.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;
using cohort::http::detail::add_hello;
using cohort::http::detail::client;
using cohort::http::detail::counted;
using cohort::http::detail::get;
using cohort::http::detail::house;

namespace {

const std::string took = "http_server_request_duration_seconds";

using labels = std::vector<std::string>;

/// A server whose requests are counted.
struct counting_house : house {
    counting_house() { options.metrics = &requests; }

    [[nodiscard]] std::uint64_t count(const labels& of) { return seen.count(took, of); }

    counted seen;
    request_metrics requests;
};

std::string ask(std::string_view method, std::string_view path, std::string_view more = "",
                std::string_view body = "")
{
    return std::string{method} + " " + std::string{path} + " HTTP/1.1\r\nHost: test\r\n" +
           std::string{more} + "\r\n" + std::string{body};
}

}  // namespace

TEST_CASE("each request counts by its route, its method, its status and what went wrong")
{
    counting_house h;
    add_hello(h.api);
    h.api.on_handler_error([](const request&, std::string_view) noexcept {});
    h.api.get("/users/{id}", [](const request&) { return text("somebody"); });
    h.api.post("/fails", [](const request&) -> response { throw std::runtime_error{"oh"}; });
    client c = h.connect();
    c.say(get("/users/1") + get("/users/2") + ask("HEAD", "/users/3") + get("/absent") +
          ask("POST", "/fails") + ask("BREW", "/") + ask("PUT", "/users/1") +
          ask("POST", "/echo", "Content-Length: 5\r\n", "hello"));
    h.hear(c, "\r\n\r\nhello");
    CHECK(h.count({"GET", "/users/{id}", "200", ""}) == 2);
    CHECK(h.count({"HEAD", "/users/{id}", "200", ""}) == 1);
    CHECK(h.count({"GET", "", "404", ""}) == 1);
    CHECK(h.count({"POST", "/fails", "500", "500"}) == 1);
    CHECK(h.count({"_OTHER", "", "501", "501"}) == 1);
    CHECK(h.count({"PUT", "/users/{id}", "405", ""}) == 1);
    CHECK(h.count({"POST", "/echo", "200", ""}) == 1);
    CHECK(h.seen.count("http_server_request_body_size_bytes", {}) == 8);
    CHECK(h.seen.sum("http_server_request_body_size_bytes", {}) == 5);
    CHECK(h.seen.sum("http_server_response_body_size_bytes", {}) > 5);
}

TEST_CASE("a request takes as long as its client has waited")
{
    counting_house h;
    h.api.get("/busy", [](const request&) {
        const steady_time until = now() + 20ms;
        while (now() < until) {
        }
        return text("done");
    });
    client c = h.connect();
    const steady_time before = now();
    c.say(get("/busy"));
    h.hear(c, "done");
    const nanoseconds waited = now() - before;
    const nanoseconds counted{
        static_cast<std::int64_t>(h.seen.sum(took, {"GET", "/busy", "200", ""}))};
    CHECK(counted >= 20ms);
    CHECK(counted <= waited);
}

TEST_CASE("a streamed answer counts until its head is ready, and how long it goes on counts apart")
{
    counting_house h;
    wakeup go_on{h.loop.get_executor()};
    h.api.get("/events", [&](const request&) {
        return stream("text/event-stream", [&](body_writer& out) -> awaitable<> {
            static_cast<void>(co_await out.write("first"));
            co_await go_on.wait();
            static_cast<void>(co_await out.write("last"));
        });
    });
    client c = h.connect();
    c.say(get("/events"));
    h.hear(c, "first");
    CHECK(h.requests.streams() == 1);
    const labels of{"GET", "/events", "200", ""};
    CHECK(h.count(of) == 0);
    const steady_time until = now() + 30ms;
    h.until([&] { return now() >= until; });
    go_on.notify_all();
    h.hear(c, "last");
    h.until([&] { return h.requests.streams() == 0; });
    CHECK(h.count(of) == 1);
    CHECK(h.seen.count("cohort_http_stream_duration_seconds", {"/events"}) == 1);
    const std::uint64_t whole = h.seen.sum("cohort_http_stream_duration_seconds", {"/events"});
    CHECK(whole >= 30'000'000);
    CHECK(h.seen.sum(took, of) < whole);
}

TEST_CASE("a request whose client leaves before it is answered counts as cut")
{
    counting_house h;
    wakeup never{h.loop.get_executor()};
    bool runs = false;
    h.api.get("/waits", [&](request&) -> awaitable<response> {
        runs = true;
        co_await never.wait();
        co_return text("nobody hears it");
    });
    {
        client c = h.connect();
        c.say(get("/waits"));
        h.until([&] { return runs; });
    }
    h.until([&] { return h.count({"GET", "/waits", "", "cut"}) == 1; });
}

TEST_CASE("what was refused after its route was found counts, with its status")
{
    counting_house h;
    h.api.post("/small", [](const request&) { return text("taken"); }, {.body_max = 3});
    client c = h.connect();
    c.say(ask("POST", "/small", "Content-Length: 5\r\n", "hello"));
    h.hear(c, "413");
    h.until([&] { return h.count({"POST", "/small", "413", ""}) == 1; });
}

TEST_CASE("many kinds of requests are all told apart")
{
    counting_house h;
    h.api.get("/status/{code}", [](const request& of) {
        return text("x").status(static_cast<status_code>(of.path<int>("code")));
    });
    client c = h.connect();
    for (int round = 0; round < 2; ++round) {
        for (int code = 400; code < 500; ++code)
            c.say(get("/status/" + std::to_string(code)));
    }
    h.until([&] {
        c.listen();
        return c.count("HTTP/1.1 4") == 200;
    });
    for (int code = 400; code < 500; ++code)
        CHECK(h.count({"GET", "/status/{code}", std::to_string(code), ""}) == 2);
}

TEST_CASE("a request of a recorded trace leaves its id beside its bucket")
{
    counting_house h;
    routes seen = h.api.group("/seen");
    seen.use(tracing());
    seen.get("/it", [](const request&) { return text("done"); });
    client c = h.connect();
    c.say(ask("GET", "/seen/it",
              "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"));
    h.hear(c, "done");
    bool found = false;
    h.seen.find(took, {"GET", "/seen/it", "200", ""}, [&](const observe::series_reading& one) {
        for (const auto& each : one.histogram.exemplars)
            found = found || (each && each->trace[0] == 0x0af7651916cd43ddU &&
                              each->trace[1] == 0x8448eb211c80319cU);
    });
    CHECK(found);
}

TEST_CASE("requests over HTTP/2 count as those over HTTP/1.1 do")
{
    using namespace cohort::http::h2::detail;
    counted seen;
    request_metrics requests;
    server_options terms;
    terms.metrics = &requests;
    h2_house h{{}, std::move(terms)};
    add_hello(h.api);
    h.api.get("/slowly", [](const request&) {
        return stream("text/plain", [](body_writer& out) -> awaitable<> {
            static_cast<void>(co_await out.write("piece"));
        });
    });
    speaker c = h.meet(settings() + h2::detail::get(1) + h2::detail::get(3, "/nowhere") +
                       h2::detail::get(5, "/slowly"));
    h.hear_answer(c, 1);
    h.hear_answer(c, 3);
    h.hear_answer(c, 5);
    h.until([&] { return seen.count(took, {"GET", "/slowly", "200", ""}) == 1; });
    CHECK(seen.count(took, {"GET", "/", "200", ""}) == 1);
    CHECK(seen.count(took, {"GET", "", "404", ""}) == 1);
    CHECK(seen.count("cohort_http_stream_duration_seconds", {"/slowly"}) == 1);
    CHECK(requests.streams() == 0);
}
