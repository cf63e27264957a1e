// The snippets of docs/manual/middleware.md and security.md, so that they compile.

#include <cohort/http/conditions.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/markup.hpp>
#include <cohort/http/middleware/access_log.hpp>
#include <cohort/http/middleware/compression.hpp>
#include <cohort/http/middleware/conditional.hpp>
#include <cohort/http/middleware/cors.hpp>
#include <cohort/http/middleware/decompress_requests.hpp>
#include <cohort/http/middleware/request_id.hpp>
#include <cohort/http/middleware/secure.hpp>
#include <cohort/http/middleware/shed.hpp>
#include <cohort/http/middleware/trust_proxies.hpp>
#include <cohort/http/negotiation.hpp>

#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>

using namespace std::chrono_literals;
namespace http = cohort::http;

namespace {

struct note_store {
    static std::string_view tag(int) { return "\"v1\""; }
    std::string saved;
    void save(int, std::string_view text) { saved = text; }
};

http::response page(const http::request& request, const std::string& name, const std::string& url)
{
    const boost::json::value user{{"name", name}};
    http::markup page{"<h1>", http::html_text{name}, "</h1>"};
    page.add(
        {"<a href=\"", http::safe_link{url}, "\" title=\"", http::attribute{name}, "\">go</a>"});
    page.add({"<script nonce=\"", http::attribute{http::csp_nonce(request)},
              "\">let user = ", http::json_in_html{user}, ";</script>"});
    return http::html(std::move(page));
}

http::response negotiated(const http::request& request)
{
    const auto type = http::preferred(request, {"application/json", "text/html"});
    if (!type)
        return http::not_acceptable({"application/json", "text/html"});
    auto language = http::preferred_language(request, {"en", "de"}).value_or("en");
    return http::text(std::string{language});
}

}  // namespace

TEST_CASE("the manual's stack, helmet and cors start")
{
    http::router api;
    api.use(http::request_ids());
    api.use(http::trust_proxies({"10.0.0.0/8"}));
    api.use(http::access_log());
    api.use(http::shed({.in_flight_max = 500}));
    http::secure(api, {.hosts = {"shop.example"}});
    api.use(http::cors({.origins = {"https://app.example"}}));
    api.use(http::compression());
    api.use(http::conditional());
    api.use(http::shed_by_delay({.queue_delay_max = 100ms}));
    api.use(http::helmet({
        .content_security_policy = http::content_policy::helmet8()
                                       .set("script-src", {"'self'", http::content_policy::nonce})
                                       .remove("upgrade-insecure-requests"),
        .cross_origin_embedder_policy = "require-corp",
        .x_frame_options = http::left_out,
    }));
    api.use(http::cors({.origins = {"https://app.example", "http://localhost:5173"},
                        .headers = {"Authorization", "Content-Type", "Idempotency-Key"},
                        .credentials = http::cors_credentials::allowed,
                        .max_age = std::chrono::minutes{10}}));
    auto health = [](const http::request&) { return http::text("ok"); };
    api.get("/health", health,
            {.notes = {http::quiet{}, http::plain_http_too{}, http::never_shed{}}});
    CHECK(api.freeze());
}

TEST_CASE("the manual's note store loses no update")
{
    note_store notes;
    http::router api;
    api.put("/notes/{id}", [&](const http::request& request) {
        http::expect_unchanged(request, {.tag = notes.tag(request.path<int>("id"))});  // 428, 412
        notes.save(request.path<int>("id"), request.body());
        return http::no_content();
    });
    CHECK(api.freeze());
    const auto put = [&](std::string_view fields) {
        http::detail::parsed one{"PUT /notes/7", fields, "new"};
        return api.plan_for(one.of).to->run(one.of).status();
    };
    CHECK(put("") == 428);
    CHECK(put("If-Match: \"v0\"\r\n") == 412);
    CHECK(put("If-Match: \"v1\"\r\n") == 204);
    CHECK(notes.saved == "new");
}

TEST_CASE("the manual's page and its negotiation say what they say")
{
    http::detail::around one;
    one.use(http::helmet({.content_security_policy = http::content_policy{}.set(
                              "script-src", {http::content_policy::nonce})}));
    one.sees = [](const http::request& of) { return page(of, "<Tom>", "javascript:x"); };
    const std::string text{one.get().body()};
    CHECK(text.starts_with(
        "<h1>&lt;Tom&gt;</h1><a href=\"about:invalid\" title=\"&#x3c;Tom&#x3e;\">"));
    CHECK(text.ends_with("let user = {\"name\":\"\\u003cTom\\u003e\"};</script>"));

    http::detail::around two;
    two.sees = negotiated;
    CHECK(two.get("/", "Accept: image/png\r\n").status() == 406);
    CHECK(two.get("/", "Accept-Language: de\r\n").body() == "de");
}
