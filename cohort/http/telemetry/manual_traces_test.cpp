// The snippets of docs/manual/traces.md, so that they compile and do what they say.

#include <cohort/http/client/client.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/middleware/access_log.hpp>
#include <cohort/http/middleware/request_id.hpp>
#include <cohort/http/middleware/tracing.hpp>
#include <cohort/http/middleware/trust_proxies.hpp>
#include <cohort/http/request_span.hpp>
#include <cohort/observe/otlp_settings.hpp>
#include <cohort/observe/traced_offload.hpp>
#include <cohort/observe/tracer.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace http = cohort::http;
namespace observe = cohort::observe;

namespace {

std::string find_user() { return "Ann"; }

http::response show_user(const http::request& request)
{
    auto look_up = http::span_of(request).child("look up a user");
    look_up.set("user.kind", "guest");
    std::string name = find_user();
    look_up.end();

    if (name.empty())
        http::span_of(request).fail("the user is lost");
    return http::text(std::move(name));
}

cohort::task<http::response> ask_another(http::client& client, const http::request& request)
{
    auto answer = co_await client.get("http://prices.internal/7", request);
    co_return answer ? http::text(answer->body()) : http::text("nobody there", 502);
}

int resize() { return 7; }

cohort::task<http::response> show_small(const http::request& request)
{
    auto small = co_await observe::offload(http::span_of(request).child("resize"), resize);
    co_return http::text(std::to_string(small));
}

void be_careful(http::router& api)
{
    api.use(http::trust_proxies({"private"}));
    api.use(http::tracing({.neighbours = {"private"}}));
}

observe::trace_context run_job(observe::tracer& tracer)
{
    auto job = tracer.begin({.name = "clean up"});
    http::client_request ask{http::method::post, "http://mail.internal/send"};
    ask.part_of(job);
    return ask.is_part_of().span;
}

}  // namespace

TEST_CASE("the programs of the manual's page on traces are programs")
{
    const auto settings =
        observe::otlp_settings_from(&observe::variable_of_process, {.service = "shop"});
    observe::trace_options how = settings.tracing;
    how.slow = std::chrono::milliseconds{250};
    observe::tracer::configure(how);

    http::detail::around app;
    http::router& api = app.api;
    api.use(http::request_ids());
    api.use(http::tracing());
    api.use(http::access_log());
    app.sees = &show_user;
    CHECK(app.get().body() == "Ann");
    CHECK(run_job(observe::tracer::here()).valid());

    http::client client;
    const http::detail::parsed one{"GET /"};
    static_cast<void>(ask_another(client, one.of));
    static_cast<void>(show_small(one.of));
    http::router careful;
    be_careful(careful);
    observe::tracer::configure({});
}
