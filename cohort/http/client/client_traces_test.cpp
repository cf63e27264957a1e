#include <cohort/http/client/client.hpp>

#include <cohort/http/client/detail/client_scene_test.hpp>
#include <cohort/http/middleware/tracing.hpp>
#include <cohort/http/request_span.hpp>
#include <cohort/observe/recorded_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http::detail;
using observe::attribute_of;
using observe::recorded;
using namespace std::chrono_literals;

namespace {

using http::client_request;
using http::method;

struct scene : client_scene {
    explicit scene(const observe::trace_options& how = {})
        : client{options()}, r{how}
    {
        look_after(client);
    }
    static http::client_options options()
    {
        http::client_options quick;
        quick.retry.pause_first = quick.retry.pause_ceiling = 1ms;
        return quick;
    }
    [[nodiscard]] std::string header(std::size_t of, std::string_view name) const
    {
        const std::string& head = heads.at(of);
        const std::size_t at = head.find(std::string{"\r\n"} + std::string{name} + ": ");
        if (at == std::string::npos)
            return {};
        const std::size_t begin = at + name.size() + 4;
        return head.substr(begin, head.find("\r\n", begin) - begin);
    }
    http::client client;
    recorded r;
};

}  // namespace

TEST_CASE("each time that a request is sent is a span, of which the server is told")
{
    scene s;
    int asked = 0;
    const std::string at = s.serve([&](const std::string&) {
        return reply{++asked == 1 ? plain("later", "503 Service Unavailable") : plain("x")};
    });
    observe::span whole = s.r.by.begin({.name = "whole"});
    client_request ask{method::get, at + "/back?token=1&a=2"};
    ask.header("traceparent", "somebody else's").part_of(whole);
    CHECK(s.run(s.client.send(ask))->body() == "x");
    const auto spans = s.r.spans();
    REQUIRE(spans.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        const auto told = observe::parse_traceparent(s.header(i, "traceparent"));
        REQUIRE(told);
        CHECK(told->trace == whole.context().trace);
        CHECK(told->sampled());
        CHECK(text(told->span) == std::string_view{spans[i].at("spanId").as_string()});
        CHECK(std::string_view{spans[i].at("parentSpanId").as_string()} ==
              text(whole.context().span));
        CHECK(spans[i].at("name") == "GET");
        CHECK(spans[i].at("kind") == 3);
        CHECK(attribute_of(spans[i], "server.address") == "127.0.0.1");
        CHECK(std::string_view{attribute_of(spans[i], "url.full").as_string()} ==
              at + "/back?token=[redacted]&a=2");
    }
    CHECK(spans[0].at("status").at("code") == 2);
    CHECK(attribute_of(spans[0], "error.type") == "503");
    CHECK(attribute_of(spans[1], "http.response.status_code") == "200");
    CHECK(attribute_of(spans[1], "http.request.resend_count") == "1");
}

TEST_CASE("a call on behalf of a request is part of its span, with its state and baggage")
{
    scene s;
    const std::string at = s.serve([](const std::string&) { return reply{plain("x")}; });
    s.h.api.use(http::tracing(&s.r.by));
    s.h.api.get("/front", [&](http::request& of) -> task<http::response> {
        auto answer = co_await s.client.get(at + "/back", of);
        co_return http::text(answer ? answer->body() : answer.error().text());
    });
    client_request ask{method::get, s.serve() + "/front"};
    ask.header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
        .header("tracestate", "a=1")
        .header("baggage", "user=7;p, b = 8");
    CHECK(s.run(s.client.send(ask))->body() == "x");
    CHECK(s.header(0, "traceparent").starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    CHECK(s.header(0, "traceparent").find("b7ad6b7169203331") == std::string::npos);
    CHECK(s.header(0, "traceparent").ends_with("-00"));
    CHECK(s.header(0, "tracestate") == "a=1");
    CHECK(s.header(0, "baggage") == "user=7;p,b=8");
    CHECK(s.r.spans().empty());  // not sampled
}

TEST_CASE("nothing is told to others where contexts and baggage are not handed on")
{
    observe::trace_options quiet;
    quiet.contexts_exchanged = quiet.baggage_handed_on = false;
    scene s{quiet};
    const std::string at = s.serve([](const std::string&) { return reply{plain("x")}; });
    s.h.api.use(http::tracing(&s.r.by));
    s.h.api.get("/front", [&](http::request& of) -> task<http::response> {
        auto answer = co_await s.client.get(at + "/back", of);
        co_return http::text(answer ? answer->body() : answer.error().text());
    });
    client_request ask{method::get, s.serve() + "/front"};
    ask.header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .header("baggage", "user=7");
    CHECK(s.run(s.client.send(ask))->body() == "x");
    CHECK(s.header(0, "traceparent").empty());
    CHECK(s.header(0, "baggage").empty());
    for (const auto& span : s.r.spans())
        CHECK(span.at("traceId") != "0af7651916cd43dd8448eb211c80319c");
}

TEST_CASE("where nothing is recorded callers' traces are handed on, and ours are told to nobody")
{
    observe::trace_options off;
    off.recorded = false;
    scene s{off};
    const std::string at = s.serve([](const std::string&) { return reply{plain("x")}; });
    s.h.api.use(http::tracing(&s.r.by));
    s.h.api.get("/front", [&](http::request& of) -> task<http::response> {
        auto answer = co_await s.client.get(at + "/back", of);
        co_return http::text(answer ? answer->body() : answer.error().text());
    });
    const std::string theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    client_request ask{method::get, s.serve() + "/front"};
    ask.header("traceparent", theirs).header("tracestate", "a=1");
    CHECK(s.run(s.client.send(ask))->body() == "x");
    CHECK(s.header(0, "traceparent") == theirs);
    CHECK(s.header(0, "tracestate") == "a=1");
    client_request alone{method::get, s.serve() + "/front"};
    CHECK(s.run(s.client.send(alone))->body() == "x");
    CHECK(s.header(1, "traceparent").empty());
}

TEST_CASE("a call that fails is recorded with its reason, whether its trace is sampled or not")
{
    scene s;
    const std::string at =
        s.serve([](const std::string&) { return reply{"nonsense\r\n\r\n", reply::then::close}; });
    observe::trace_context theirs;
    theirs.trace = {1, 2};
    theirs.span = {3};
    observe::span whole = s.r.by.begin({.parent = &theirs});
    CHECK_FALSE(whole.context().sampled());
    client_request ask{method::get, at + "/"};
    ask.part_of(whole);
    CHECK_FALSE(s.run(s.client.send(ask)));
    const auto span = s.r.span();
    CHECK(attribute_of(span, "cohort.kept") == "error");
    CHECK(span.at("status").at("code") == 2);
    CHECK_FALSE(span.at("status").at("message").as_string().empty());
    CHECK(attribute_of(span, "error.type").is_string());

    whole.end();  // then nobody makes spans any more, and the server is told all the same
    client_request late{method::get, at + "/"};
    late.part_of(whole);
    CHECK_FALSE(s.run(s.client.send(late)));
    CHECK(s.r.spans().empty());
    CHECK(s.header(s.heads.size() - 1, "traceparent") == whole.context().traceparent());
}
