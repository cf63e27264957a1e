#include <cohort/http/middleware/tracing.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/request_serial.hpp>
#include <cohort/http/request_span.hpp>
#include <cohort/observe/recorded_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http::detail;
using observe::attribute_of;
using observe::nothing;
using observe::recorded;
using namespace std::chrono_literals;

namespace {

using http::span_of;

const std::string theirs =
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";

struct scene : around {
    explicit scene(const observe::trace_options& how = {}, bool handlers = false)
        : r{how}
    {
        use(http::tracing({.handlers = handlers, .by = &r.by}));
    }
    recorded r;
};

observe::trace_options only_kept()
{
    observe::trace_options how;
    how.which = nothing();
    how.slow = 1h;
    return how;
}

std::string text_at(const boost::json::object& span, std::string_view key)
{
    return std::string{std::string_view{span.at(key).as_string()}};
}

}  // namespace

TEST_CASE("a request becomes a span, by the conventions")
{
    scene s;
    s.send("GET /?q=1&token=secret",
           theirs + "User-Agent: test/1\r\ntracestate: a=1\r\n"
                    "tracestate: b=2\r\n",
           {}, {.top = {}, .slot = 3});
    const auto span = s.r.span();
    CHECK(span.at("name") == "GET /");
    CHECK(span.at("kind") == 2);
    CHECK(span.at("traceId") == "0af7651916cd43dd8448eb211c80319c");
    CHECK(span.at("parentSpanId") == "b7ad6b7169203331");
    CHECK(span.at("traceState") == "a=1,b=2");
    CHECK_FALSE(span.contains("status"));
    CHECK(attribute_of(span, "http.request.method") == "GET");
    CHECK(attribute_of(span, "http.route") == "/");
    CHECK(attribute_of(span, "http.response.status_code") == "200");
    CHECK(attribute_of(span, "url.path") == "/");
    CHECK(attribute_of(span, "url.query") == "q=1&token=[redacted]");
    CHECK(attribute_of(span, "url.scheme") == "http");
    CHECK(attribute_of(span, "server.address") == "test");
    CHECK(attribute_of(span, "client.address") == "local");
    CHECK(attribute_of(span, "user_agent.original") == "test/1");
    CHECK(attribute_of(span, "cohort.slot") == "3");
    CHECK(attribute_of(span, "cohort.attempt").is_null());
}

TEST_CASE("what is malformed or said twice begins a trace of its own")
{
    scene s;
    const std::string wrong = "traceparent: 00-1-2-01\r\n";
    for (const std::string& fields : {std::string{}, wrong, theirs + theirs}) {
        CAPTURE(fields);
        s.get("/", fields);
        const auto span = s.r.span();
        CHECK_FALSE(span.contains("parentSpanId"));
        CHECK(text_at(span, "traceId") != "0af7651916cd43dd8448eb211c80319c");
    }
    s.get("/", theirs + "tracestate: A=1\r\n");
    CHECK_FALSE(s.r.span().contains("traceState"));
}

TEST_CASE("404, methods that nobody knows, and errors have few names, and 5xx alone are errors")
{
    scene s;
    s.get("/users/7");
    const auto missing = s.r.span();
    CHECK(missing.at("name") == "GET");
    CHECK(attribute_of(missing, "http.response.status_code") == "404");
    CHECK_FALSE(missing.contains("status"));

    s.send("BREW /coffee");
    const auto strange = s.r.span();
    CHECK(strange.at("name") == "HTTP");
    CHECK(attribute_of(strange, "http.request.method") == "_OTHER");
    CHECK(attribute_of(strange, "http.request.method_original") == "BREW");

    s.answers = []() -> http::response { throw std::runtime_error{"broken"}; };
    s.get();
    const auto broken = s.r.span();
    CHECK(broken.at("status").at("code") == 2);
    CHECK(attribute_of(broken, "error.type") == "500");
}

TEST_CASE("of traces that are not sampled only errors and slow requests are recorded, described")
{
    scene s{only_kept()};
    s.get();
    CHECK(s.r.spans().empty());
    s.answers = [] { return http::text("no", 503); };
    s.get();
    const auto failed = s.r.span();
    CHECK(failed.at("name") == "GET /");
    CHECK(attribute_of(failed, "cohort.kept") == "error");
    CHECK(attribute_of(failed, "http.response.status_code") == "503");

    observe::trace_options slow = only_kept();
    slow.slow = 1ns;
    slow.coarse_clock = &now;
    scene all{slow};
    all.get();
    CHECK(attribute_of(all.r.span(), "cohort.kept") == "slow");
}

TEST_CASE("handlers find the span, and make children; without tracing they find none")
{
    scene s;
    s.sees = [](const http::request& of) {
        span_of(of).set("user.kind", "guest");
        span_of(of).child("look up").end();
        return http::text(text(span_of(of).context().trace));
    };
    const std::string seen{s.get("/", theirs).body()};
    CHECK(seen == "0af7651916cd43dd8448eb211c80319c");
    const auto spans = s.r.spans();
    REQUIRE(spans.size() == 2);
    CHECK(spans[0].at("name") == "look up");
    CHECK(spans[0].at("parentSpanId") == spans[1].at("spanId"));
    CHECK(attribute_of(spans[1], "user.kind") == "guest");

    const parsed plain{"GET /", theirs + "baggage: a=1\r\nbaggage: b=%20\r\n"};
    CHECK_FALSE(span_of(plain.of).context().valid());
    span_of(plain.of).set("a", 1).child("none").end();
    CHECK(http::baggage_of(plain.of)->text() == "a=1,b=%20");
    CHECK(http::remote_parent_of(plain.of)->sampled());
}

TEST_CASE("a handler has a span of its own where that is asked for, without what middleware takes")
{
    scene s{observe::by_test_clock(), true};
    s.use({.name = "slow", .before = [](http::request&) -> std::optional<http::response> {
               observe::trace_clock_now += 2ms;
               return std::nullopt;
           }});
    s.sees = [](const http::request&) {
        observe::trace_clock_now += 3ms;
        return http::text("no", 503);
    };
    s.get("/", theirs);
    const auto spans = s.r.spans();
    REQUIRE(spans.size() == 2);
    const auto lasted = [](const boost::json::object& span) {
        const auto at = [&](std::string_view key) {
            return parse_integer<std::uint64_t>(text_at(span, key)).value();
        };
        return at("endTimeUnixNano") - at("startTimeUnixNano");
    };
    CHECK(spans[0].at("name") == "handler");
    CHECK(spans[0].at("parentSpanId") == spans[1].at("spanId"));
    CHECK(spans[0].at("status").at("code") == 2);
    CHECK(lasted(spans[0]) == 3'000'000);

    scene unsampled{only_kept(), true};
    unsampled.get();
    CHECK(unsampled.r.spans().empty());
}

TEST_CASE("of who is no neighbour neither traces nor baggage are heeded")
{
    const auto run = [](std::vector<std::string> neighbours) {
        recorded r{observe::trace_options{}};
        parsed one{"GET /", theirs + "baggage: a=1\r\n"};
        const http::hooks hooks = http::tracing({.neighbours = std::move(neighbours), .by = &r.by});
        CHECK_FALSE(hooks.before(one.of));
        const bool heeded =
            text(span_of(one.of).context().trace) == "0af7651916cd43dd8448eb211c80319c";
        CHECK(http::baggage_of(one.of).has_value() == heeded);
        span_of(one.of).forget();
        return heeded;
    };
    CHECK(run({}));
    CHECK(run({"10.0.0.0/8", "local"}));
    CHECK_FALSE(run({"10.0.0.0/8"}));
    CHECK_THROWS_AS(static_cast<void>(http::tracing({.neighbours = {"10.0.0.1/8"}})), failure);
}

TEST_CASE("a request whose client leaves before its answer is recorded as abandoned")
{
    recorded r{observe::trace_options{}};
    {
        parsed one{"GET /", theirs};
        const http::hooks hooks = http::tracing(&r.by);
        CHECK_FALSE(hooks.before(one.of));
    }
    CHECK(attribute_of(r.span(), "cohort.abandoned") == true);
}

TEST_CASE("both attempts of a request are in one trace, and the dead one is told of")
{
    recorded r{observe::trace_options{}};
    const auto run = [&](unsigned attempt, const std::string& fields) {
        parsed one{"GET /", fields, {}, {.top = {}, .attempt = attempt}};
        one.of.attach(http::request_serial{.connection = 7, .position = 100});
        const http::hooks hooks = http::tracing(&r.by);
        CHECK_FALSE(hooks.before(one.of));
        const auto context = span_of(one.of).context();
        if (attempt == 1) {
            span_of(one.of).forget();  // it died
        } else {
            http::response answer = http::text("x");
            hooks.after(one.of, answer);
        }
        return context;
    };
    for (const std::string& fields : {std::string{}, theirs}) {
        const auto first = run(1, fields);
        const auto second = run(2, fields);
        CHECK(first.trace == second.trace);
        CHECK_FALSE(first.span == second.span);
        const auto spans = r.spans();
        REQUIRE(spans.size() == 2);
        const auto& dead = spans[0];
        CHECK(text_at(dead, "spanId") == text(first.span));
        CHECK(text_at(spans[1], "spanId") == text(second.span));
        CHECK(dead.at("status").at("message") == "worker died");
        CHECK(attribute_of(dead, "cohort.attempt") == "1");
        CHECK(attribute_of(dead, "cohort.start_unknown") == true);
        CHECK(attribute_of(dead, "error.type") == "worker_died");
        CHECK(attribute_of(spans[1], "cohort.attempt") == "2");
        CHECK(dead.contains("parentSpanId") == !fields.empty());
    }
}

TEST_CASE("servers number requests by connection and place, once anybody wants it")
{
    recorded r{observe::trace_options{}};
    house h;
    std::vector<http::request_serial> seen;
    h.api.use(http::tracing(&r.by));
    h.api.get("/", [&](const http::request& of) {
        REQUIRE(of.attached<http::request_serial>() != nullptr);
        seen.push_back(*of.attached<http::request_serial>());
        return http::text("x");
    });
    client one = h.connect();
    one.say(get("/") + get("/"));
    client other = h.connect();
    other.say(get("/"));
    h.until([&] { return seen.size() == 3; });
    CHECK(seen[0].connection == seen[1].connection);
    CHECK(seen[0].connection != seen[2].connection);
    CHECK(seen[0].connection != 0);
    CHECK(seen[0].position == 0);
    CHECK(seen[1].position == get("/").size());
    const auto spans = r.spans();
    REQUIRE(spans.size() == 3);
    CHECK(spans[0].at("traceId") != spans[1].at("traceId"));
}
