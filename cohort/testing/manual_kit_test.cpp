// More snippets of docs/manual/, of the kit's pages, so that they compile. What they are about is
// tested where it is made.
#include <cohort/cohort.hpp>
#include <cohort/http.hpp>
#include <cohort/http/client/client.hpp>
#include <cohort/http/files/file.hpp>
#include <cohort/http/files/static_files.hpp>
#include <cohort/http/forms/read_form.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/testing.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace http = cohort::http;
namespace crypto = cohort::crypto;
using namespace std::chrono_literals;

namespace {

http::response pay(const http::request&) { return http::no_content(); }
http::response health(const http::request&) { return http::text("ok\n"); }

[[maybe_unused]] void protect(http::router& api, std::shared_ptr<const http::jwt_verifier> verifier,
                              cohort::result<http::role_policy> policy)
{
    api.use(
        http::authenticated(http::bearer(verifier)));  // who: attaches a subject, or answers 401
    auto control = std::make_shared<http::access_control>(std::move(*policy));
    http::access(api, control);  // what: 403 without the permission
    api.post("/payments", pay, {.notes = {http::permission{"payments:create"}}});
    api.get("/health", health, {.notes = {http::open_to_all{}}});
}

[[maybe_unused]] void know_tokens(http::router& api)
{
    auto keys = http::jwks_file::open("/run/secrets/jwks.json");  // result<shared_ptr>
    auto verifier = std::make_shared<const http::jwt_verifier>(
        *keys, http::jwt_rules{.issuer = "https://id.example.com", .audience = "payments"});
    api.use(http::authenticated(http::bearer(verifier, {.roles_claim = "roles"})));
}

[[maybe_unused]] void know_keys(http::router& api, std::shared_ptr<http::api_key_table> table)
{
    const auto key =
        http::make_api_key("shop");  // key.text for its owner, once; key.id and key.hash for you
    table->add(key.id, key.hash, {.id = "robot-7", .roles = {"clerk"}});
    api.use(http::authenticated(http::api_keys(table)));
}

[[maybe_unused]] cohort::task<bool> is_word_of(std::string word, std::string hash)
{
    struct {
        std::string hash;
    } user{hash};
    const bool same =
        co_await cohort::offload([&] { return crypto::verify_password(word, user.hash); });
    co_return same;
}

[[maybe_unused]] void call_others(http::router& api)
{
    static http::client client;  // one for the program; may be made before the cluster starts

    api.get("/front", [&](const http::request& r) -> cohort::task<http::response> {
        auto answer = co_await client.get("http://prices.internal/7", r);
        if (!answer)
            throw http::refusal{502}.detail(answer.error().text());
        co_return http::text(answer->body());
    });
}

[[maybe_unused]] cohort::task<void> bill(http::client& client, const http::request& r,
                                         const boost::json::value& document, const std::string& key)
{
    http::client_request ask{http::method::post, "https://billing.internal/invoices"};
    ask.json(document).header("Idempotency-Key", key).on_behalf_of(r).within(2s);
    auto answer = co_await client.send(ask);  // the whole answer
    auto stream = co_await client.open(ask);  // its head; then stream->read(), piece by piece
    static_cast<void>(answer);
    static_cast<void>(stream);
}

[[maybe_unused]] void keep_secrets(const http::request& request, http::response& answer,
                                   const std::string& any_bytes)
{
    const auto keys =
        cohort::crypto::key_ring::from_file("/run/secrets/cookie-keys");  // result<key_ring>

    http::signed_cookies receipts{*keys};  // HMAC-SHA-256: readable, not changeable
    http::sealed_cookies drafts{*keys, {.max_age = std::chrono::hours{1}}};  // AES-256-GCM: neither

    drafts.set(answer, {.name = "__Host-draft", .value = any_bytes});
    if (const auto draft = drafts.get(request, "__Host-draft"))
        answer.header("X-Draft", *draft);
}

[[maybe_unused]] void send_tokens(http::router& api,
                                  const std::shared_ptr<http::session_store>& store,
                                  const crypto::key_ring& keys)
{
    api.use(http::sessions(store));
    api.use(http::csrf());
    api.use(http::csrf_tokens(keys));

    api.get("/token",
            [](const http::request& request) { return http::text(http::csrf_token(request)); });
}

[[maybe_unused]] void believe_a_balancer()
{
    cohort::serve_options options;
    options.proxy_protocol = http::proxy_door_options{.proxies = {"10.0.0.0/8"}};
}

[[maybe_unused]] cohort::task<void> listen_to(std::string text, std::uint64_t last_id)
{
    const auto use = [](auto&&...) {};
    http::topics& hub = http::topics::here();
    const auto id = hub.publish("room/7", text);  // any thread; never blocks

    auto messages = hub.subscribe("room/7", {.since = last_id});  // or "room/*"
    while (auto message = co_await messages.next())
        use(message->id(), message->topic(), message->text());
    static_cast<void>(id);
}

[[maybe_unused]] http::response ticks()
{
    return http::event_stream([](http::event_writer& out) -> cohort::task<> {
        for (int i = 0; i < 3; ++i) {
            const std::string data = "tick " + std::to_string(i);
            http::server_event what;
            what.data = data;
            what.event = "tick";
            const auto sent = co_await out.send(what);
            if (!sent)
                co_return;
        }
    });
}

[[maybe_unused]] cohort::task<void> chat(http::websocket& socket)
{
    socket.spawn(http::relay(http::topics::here().subscribe("room/7"), socket));
    while (auto message = co_await socket.read())
        static_cast<void>(http::topics::here().publish("room/7", message->bytes()));
}

[[maybe_unused]] void talk_to(std::uint16_t port)
{
    cohort::testing::websocket_client ada{port, "/rooms/tea?name=Ada"};
    ada.send("hello");
    CHECK(ada.read() == "hello");
    ada.close();
}

struct payment {
    int id = 0;
    std::string owner;
};

[[maybe_unused]] void show_payments(http::router& api)
{
    const auto own = http::when<payment>(
        "own", [](const http::subject& who, const payment& what) { return what.owner == who.id; });
    static_cast<void>(own);

    const auto find = [](int id) { return payment{.id = id, .owner = "ada"}; };
    api.get("/payments/{id}",
            [&](const http::request& request) {
                const payment found = find(request.path<int>("id"));
                http::require_access(request, found);  // 403 unless
                return http::text(http::may(request, "payments:create") ? "…" : "…");
            },
            {.notes = {http::permission{"payments:read"}}});
}

[[maybe_unused]] void dress(const http::request& request, http::response& answer)
{
    if (const auto theme = http::cookie(request, "theme"))  // optional<string_view>
        answer.header("X-Theme", *theme);

    http::set_cookie(answer, {.name = "theme", .value = "dark", .max_age = std::chrono::days{30}});

    http::delete_cookie(answer, {.name = "theme"});
}

[[maybe_unused]] void take_photos(http::router& api)
{
    http::static_files{"public"}.serve(api, "/assets/{path...}");

    struct {
        std::string path = "/var/lib/shop";
    } uploads;
    api.post("/photos",
             [&](const http::request& request) -> cohort::task<http::response> {
                 const http::form_options options{.part_bytes_max = 20 << 20};
                 const auto form = co_await http::read_form(request, options);
                 const auto& photo = form.at("photo");
                 if (photo.content_type() != "image/jpeg")
                     throw http::refusal{415}.detail("a photo is a JPEG");
                 auto saved = co_await photo.save(uploads.path + "/42.jpg");
                 if (!saved)
                     throw http::refusal{409}.detail("there is one already");
                 co_return http::created("/photos/42", {{"title", form.text("title")}});
             },
             {.body = http::body_use::streamed, .body_max = 30 << 20});
}

void kill_some_worker() {}

[[maybe_unused]] void watch_a_service()
{
    cohort::testing::witness_plan plan;
    plan.server = cohort::net::endpoint::parse("127.0.0.1:8080").value();
    plan.asks.mix = cohort::testing::witness_mix::everything();
    plan.counts = [server = plan.server] { return cohort::testing::ask_witness_counts(server); };
    auto witness = cohort::testing::witness::make(plan).value();
    while (witness.run_for(100ms)) {
        witness.mark(cohort::now());
        kill_some_worker();
    }
    CHECK_MESSAGE(witness.report().good(), witness.report().text());
}

}  // namespace

TEST_CASE("the manual's rooms, files and limits are taken")
{
    http::router api;
    api.use(http::csrf());
    api.use(http::csrf({.trusted_origins = {"https://app.example.com"}}));  // their pages may

    api.use(http::trust_proxies({"10.0.0.0/8", "2001:db8::/32"}));

    api.use(http::shed({.in_flight_max = 500}));               // by number
    api.use(http::shed_by_delay({.queue_delay_max = 100ms}));  // by waiting

    auto store = http::shared_sessions::make({.sessions = 50'000, .bytes = 24U << 20});
    api.use(http::sessions(store));

    api.post("/rooms/{id}", [](const http::request& request) {
        const auto id =
            http::topics::here().publish("room/" + request.path<std::string>("id"), request.body());
        if (!id)
            throw http::refusal{413}.detail(id.error().text());
        return http::no_content();
    });

    api.get("/rooms/{id}/events", [](const http::request& request) {
        return http::events(request, "room/" + request.path<std::string>("id"));
    });

    api.get("/rooms/{id}/messages", [](const http::request& request) {
        return http::long_poll(request, "room/" + request.path<std::string>("id"));
    });

    const std::string path = "/nowhere/report.pdf";
    api.get("/report", [path](const http::request& request) -> cohort::task<http::response> {
        const http::file_options options{.content_type = "application/pdf"};
        auto answer = co_await http::file(request, path, options);
        answer.header("Content-Disposition", http::attachment("Bericht März.pdf"));
        co_return answer;
    });

    http::serve_openapi(api, {.title = "Orders",
                              .version = "2.1.0",
                              .about = "What is for sale.",
                              .servers = {"https://example.com/shop"},
                              .security = {{"token", http::bearer_scheme("JWT")},
                                           {"key", http::api_key_scheme("X-Key")},
                                           {"basic", http::basic_scheme()}},
                              .tags = {{"orders", "What was ordered."}},
                              .adjust = [](boost::json::object& document) {
                                  document["externalDocs"] = {{"url", "https://example.com/more"}};
                              }});

    cohort::testing::test_app app{api};
    CHECK(app.get("/openapi.json").json().at("info").at("title") == "Orders");
}
