// A hello, one process, one loop. Usage:
//   http_server <port> layers <count> [key]   with the first so many layers of the stack; `key`:
//                                             API keys in place of tokens
//   http_server <port> tls <cert> <key>       GET / answers 12 bytes, GET /json answers 4 KiB
// `http_server layers` prints the layers' names. GET /credentials says what a client must send.
#include "../lib/alone.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/crypto/secret.hpp>
#include <cohort/http/auth/api_keys.hpp>
#include <cohort/http/auth/bearer.hpp>
#include <cohort/http/auth/permission.hpp>
#include <cohort/http/limiting/rate_limit.hpp>
#include <cohort/http/middleware/access_log.hpp>
#include <cohort/http/middleware/helmet.hpp>
#include <cohort/http/middleware/request_id.hpp>
#include <cohort/http/middleware/request_measure.hpp>
#include <cohort/http/middleware/trust_proxies.hpp>
#include <cohort/http/tls/context.hpp>
#include <cohort/http/validation/valid.hpp>
#include <cohort/schema/schema.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http = cohort::http;
namespace schema = cohort::schema;

namespace {

struct filter {
    std::string to;
    std::int64_t cents = 0;
};

const auto filter_schema =
    schema::object<filter>("Filter")
        .field("to", &filter::to, schema::text().length(1, 80))
        .field("cents", &filter::cents, schema::integer().range(1, 1'000'000));

/// What a metrics registry does at least: a counter and a histogram of a route and status class.
struct tally {
    std::atomic<std::uint64_t> requests{0};
    std::array<std::atomic<std::uint64_t>, 32> took{};

    void count(const http::request_measure& of) noexcept
    {
        std::size_t bucket = 0;
        for (auto left = of.took.count(); left > 1000 && bucket + 1 < took.size(); left /= 2)
            ++bucket;
        took[bucket].fetch_add(1, std::memory_order_relaxed);
        requests.fetch_add(1, std::memory_order_relaxed);
    }
};

enum class proof : std::uint8_t { token, key };

/// What the server's only client says, and what checks it.
struct login {
    std::string line;
    http::authenticator check;
};

login log_in_by(proof what)
{
    if (what == proof::key) {
        auto table = std::make_shared<http::api_key_table>();
        const auto made = http::make_api_key("bench");
        // Were it refused, requests would be, and the run would say so.
        static_cast<void>(table->add(made.id, made.hash, {.id = "ada", .roles = {"clerk"}}));
        return {"X-API-Key: " + made.text, http::api_keys(std::move(table))};
    }
    auto shared = *http::shared_key::of(cohort::crypto::secret::random());
    const http::jwt_signer signer{
        shared.copy(), {.issuer = "us", .audience = "payments", .lifetime = std::chrono::hours{1}}};
    auto verifier = std::make_shared<const http::jwt_verifier>(
        *http::shared_keys::of(std::move(shared)),
        http::jwt_rules{.issuer = "us", .audience = "payments"});
    return {"Authorization: Bearer " + signer.sign("ada", {{"roles", {"clerk"}}}),
            http::bearer(std::move(verifier))};
}

/// In the order in which the manual puts them. Validation, the innermost, is the handler's.
constexpr std::array layers{"request_ids",   "trust_proxies (none near)",
                            "access_log",    "on_request_measured",
                            "helmet",        "rate_limit",
                            "authenticated", "validation of the query"};

void use(http::router& api, std::string_view layer, const login& by, tally& into)
{
    if (layer == "request_ids")
        api.use(http::request_ids());
    else if (layer == "trust_proxies (none near)")
        api.use(http::trust_proxies({"10.0.0.0/8"}));
    else if (layer == "access_log")
        api.use(http::access_log());
    else if (layer == "on_request_measured")
        api.use(http::on_request_measured(
            [&into](const http::request_measure& of) noexcept { into.count(of); }));
    else if (layer == "helmet")
        api.use(http::helmet());
    else if (layer == "rate_limit")
        // As many a second as there can be: it is the counting that is measured.
        api.use(http::rate_limit(
            {.name = "bench", .limit = 1'000'000, .window = std::chrono::seconds{1}}));
    else if (layer == "authenticated")
        api.use(http::authenticated(by.check));
}

int serve_layers(std::uint16_t port, std::size_t count, proof what)
{
    static tally counted;
    const login by = log_in_by(what);
    http::router api;
    for (std::size_t i = 0; i < count; ++i)
        use(api, layers[i], by, counted);
    const http::route_options open{.notes = {http::open_to_all{}}};
    api.get("/healthz", [](const http::request&) { return http::text("ok"); }, open);
    api.get("/credentials", [&](const http::request&) { return http::text(by.line); }, open);
    if (count < layers.size())
        api.get("/", [](const http::request&) { return http::text("Hello, world"); });
    else
        api.get("/", http::valid_query(filter_schema, [](const http::request&, const filter&) {
                    return http::text("Hello, world");
                }));
    return bench::serve_alone(port, api);
}

int serve_tls(std::uint16_t port, std::string certificate, std::string key)
{
    auto made =
        http::tls::context::load({.certificates = {{std::move(certificate), std::move(key)}},
                                  .client_ca = {},
                                  .least = http::tls::least_version::tls_1_3});
    if (!made)
        return 1;
    http::router api;
    const std::string document = "{\"items\":\"" + std::string(4096 - 12, 'x') + "\"}";
    api.get("/healthz", [](const http::request&) { return http::text("ok"); });
    api.get("/", [](const http::request&) { return http::text("Hello, world"); });
    api.get("/json", [&](const http::request&) {
        return http::make_response(200, "application/json", document);
    });
    http::server_options options;
    options.tls = std::move(*made);
    return bench::serve_alone(port, api, std::move(options));
}

}  // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string_view> words{argv + 1, argv + argc};
    if (words.size() == 1 && words[0] == "layers") {
        for (const char* each : layers)
            std::puts(each);
        return 0;
    }
    if (words.size() < 3)
        return 2;
    const auto port = cohort::parse_integer<std::uint16_t>(words[0]);
    if (port && words[1] == "tls" && words.size() == 4)
        return serve_tls(*port, std::string{words[2]}, std::string{words[3]});
    const auto count = cohort::parse_integer<std::size_t>(words[2]);
    if (!port || words[1] != "layers" || !count || *count > layers.size())
        return 2;
    return serve_layers(*port, *count, words.size() > 3 ? proof::key : proof::token);
}
