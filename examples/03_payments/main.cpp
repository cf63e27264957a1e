// A payment API: validation, OpenAPI, tokens, roles and idempotency keys on SQLite. See README.md.
#include "ledger.hpp"

#include <cohort/cohort.hpp>
#include <cohort/crypto/hex.hpp>
#include <cohort/crypto/secret.hpp>
#include <cohort/crypto/sha256.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>

namespace http = cohort::http;
namespace schema = cohort::schema;
using verifier = std::shared_ptr<const http::jwt_verifier>;

// What comes in and goes out, described once: checked, answered and documented by it.

struct by_id {
    std::int64_t id = 0;
};
struct by_key {
    std::string key;
};
struct pages {
    std::uint32_t limit = 20;
    std::int64_t after = 0;
};
struct refund {
    std::int64_t cents = 0;
};
struct payments {
    std::vector<payment> payments;
    std::optional<std::int64_t> next;
};

const auto cents = schema::integer().range(1, 100'000'000);  // money is no fraction
const auto currencies = schema::choice<std::string>({{"EUR", "EUR"}, {"USD", "USD"}});
const auto iban = schema::text().pattern("^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$");
const auto note = schema::text().length(1, 140);

const auto order_schema = schema::object<order>("Order")
                              .field("to", &order::to, iban)
                              .field("cents", &order::cents, cents)
                              .field("currency", &order::currency, currencies)
                              .field("note", &order::note, note);
const auto payment_schema =
    schema::object<payment>("Payment")
        .field("id", &payment::id, schema::integer().at_least(1))
        .field("owner", &payment::owner)
        .field("to", &payment::to, iban)
        .field("cents", &payment::cents, cents)
        .field("currency", &payment::currency, currencies)
        .field("note", &payment::note, note)
        .field("refunded", &payment::refunded, schema::integer().at_least(0))
        .field("created", &payment::created, schema::text().date_time());
const auto list_schema = schema::object<payments>("Payments")
                             .field("payments", &payments::payments, schema::list(payment_schema))
                             .field("next", &payments::next, schema::integer().at_least(1));
const auto refund_schema = schema::object<refund>("Refund").field("cents", &refund::cents, cents);
const auto id_schema =
    schema::object<by_id>().field("id", &by_id::id, schema::integer().at_least(1));
const auto key_schema = schema::object<by_key>().field("Idempotency-Key", &by_key::key,
                                                       schema::text().pattern("^[!-~]{8,128}$"));
const auto page_schema = schema::object<pages>()
                             .defaulted("limit", &pages::limit, schema::integer().range(1, 100))
                             .defaulted("after", &pages::after, schema::integer().at_least(0));

// Who may do what. Nothing is allowed that is not named here.
std::shared_ptr<http::access_control> who_may_what()
{
    const auto own = http::when<payment>(
        "own", [](const http::subject& who, const payment& what) { return what.owner == who.id; });
    auto policy = http::role_policy::compile({
        .permissions = {"payments:create", "payments:list", "payments:read", "payments:read-all",
                        "payments:refund"},
        .roles = {{.name = "customer",
                   .allow = {"payments:create", "payments:list", {"payments:read", own}}},
                  {.name = "auditor",
                   .allow = {"payments:list", "payments:read", "payments:read-all"}},
                  {.name = "clerk", .inherits = {"auditor"}, .allow = {"payments:refund"}},
                  {.name = "suspended", .deny = {"*"}}},
    });
    if (!policy)
        throw cohort::failure{policy.error()};
    return std::make_shared<http::access_control>(std::move(*policy));
}

payment existing(std::optional<payment> found)
{
    if (!found)
        throw http::refusal{404}.detail("there is no such payment");
    return *std::move(found);
}

// Changes something once, whatever the network and our workers do: who asks again with the same key
// has the first answer again. Refusals are not kept, since nothing has changed.
template <class F>
http::response once(ledger& book, const http::request& request, const by_key& by, F change)
{
    const std::string all =
        fmt::format("{} {}\n{}", request.method_text(), request.target(), request.body());
    const claim mine{.owner = http::subject_of(request).id,
                     .key = by.key,
                     .fingerprint = cohort::crypto::to_hex(cohort::crypto::sha256(all).view())};
    const ledger::once_result done = book.once(mine, change);
    if (done.what == ledger::outcome::other_request)
        throw http::refusal{422}.detail("this Idempotency-Key belongs to another request");
    http::response answer =
        http::make_response(done.answer.status, "application/json", done.answer.body);
    answer.header("Location", done.answer.location);
    if (done.what == ledger::outcome::replayed)
        answer.header("Idempotent-Replayed", "true");
    return answer;
}

kept_answer answer_of(const payment& what)
{
    return {.status = 201,
            .location = fmt::format("/payments/{}", what.id),
            .body = payment_schema.write(what)};
}

// The routes are cpu_bound: they wait for the disk, on lanes, while the event loop goes on.
void add_payments(http::routes& to, ledger& book)
{
    to.post("/payments",
            http::given(http::in_headers(key_schema), http::in_body(order_schema))
                .then([&book](const http::request& request, const by_key& by, const order& what) {
                    return once(book, request, by, [&](ledger::writer& in) {
                        return answer_of(in.pay(http::subject_of(request).id, what));
                    });
                }),
            {.cpu_bound = true,
             .idempotency_keys = true,
             .notes = {http::permission{"payments:create"}, http::security{"token"},
                       http::summary{"Pays"}, http::answers{201, payment_schema, "It is paid"}}});

    to.post("/payments/{id}/refunds",
            http::given(http::in_path(id_schema), http::in_headers(key_schema),
                        http::in_body(refund_schema))
                .then([&book](const http::request& request, by_id which, const by_key& by,
                              refund what) {
                    return once(book, request, by, [&](ledger::writer& in) {
                        const payment before = existing(in.find(which.id));
                        if (!in.refund(which.id, what.cents))
                            throw http::refusal{409, "Not so much is left"}.member(
                                "left", before.cents - before.refunded);
                        return answer_of(existing(in.find(which.id)));
                    });
                }),
            {.cpu_bound = true,
             .idempotency_keys = true,
             .notes = {http::permission{"payments:refund"}, http::security{"token"},
                       http::summary{"Gives back all of a payment or a part"},
                       http::answers{201, payment_schema, "What has become of the payment"},
                       http::answers{404, "There is none"}, http::answers{409, "Too much"}}});

    to.get("/payments/{id}",
           http::valid_path(id_schema,
                            [&book](const http::request& request, by_id which) {
                                const payment found = existing(book.find(which.id));
                                http::require_access(request, found);
                                return http::json_of(payment_schema, found);
                            }),
           {.cpu_bound = true,
            .notes = {http::permission{"payments:read"}, http::security{"token"},
                      http::summary{"One payment"}, http::answers{200, payment_schema},
                      http::answers{404, "There is none"}}});

    to.get("/payments",
           http::valid_query(page_schema,
                             [&book](const http::request& request, pages asked) {
                                 const bool all = http::may(request, "payments:read-all");
                                 payments out;
                                 out.payments =
                                     book.list({.owner = all ? "" : http::subject_of(request).id,
                                                .after = asked.after,
                                                .limit = asked.limit + 1});
                                 if (out.payments.size() > asked.limit) {
                                     out.payments.pop_back();
                                     out.next = out.payments.back().id;
                                 }
                                 return http::json_of(list_schema, out);
                             }),
           {.cpu_bound = true,
            .notes = {http::permission{"payments:list"}, http::security{"token"},
                      http::summary{"Payments from the oldest on: after=next has the next page"},
                      http::answers{200, list_schema}}});
}

http::router payment_api(ledger& book, verifier tokens, http::secure_options how)
{
    http::router api;
    api.use(http::request_ids());
    api.use(http::access_log());
    http::secure(api, std::move(how));
    api.use(http::csrf());  // no cookies here, but no page of others has to post payments either
    api.use(http::compression());
    api.use(http::conditional());
    http::serve_openapi(api, {.title = "Payments",
                              .version = "1.0.0",
                              .security = {{"token", http::bearer_scheme("JWT")}}});
    api.get("/healthz", [](const http::request&) { return http::text("ok"); },
            {.notes = {http::quiet{}, http::undocumented{}}});

    http::routes known = api.group("");
    known.use(http::authenticated(http::bearer(std::move(tokens))));
    // The place of http::rate_limit(…): behind who asks, before what costs something.
    http::access(known, who_may_what());
    add_payments(known, book);
    return api;
}

// Secrets come from files: the environment says which, and nothing else starts.

std::string setting(const char* name, const char* otherwise = "")
{
    const char* const found = std::getenv(name);
    return found != nullptr ? found : otherwise;
}

http::shared_key shared_secret()
{
    const std::string path = setting("PAYMENTS_SECRET_FILE");
    std::ifstream file{path};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (path.empty() || text.empty())
        throw std::runtime_error{"PAYMENTS_SECRET_FILE or PAYMENTS_JWKS_FILE must name a file"};
    text.erase(text.find_last_not_of("\r\n") + 1);
    auto secret = cohort::crypto::secret::parse(text);
    if (!secret)
        throw cohort::failure{secret.error()};
    auto key = http::shared_key::of(std::move(*secret));
    if (!key)
        throw cohort::failure{key.error()};
    return std::move(*key);
}

verifier tokens_from_environment()
{
    const http::jwt_rules rules{.issuer = setting("PAYMENTS_ISSUER", "payments"),
                                .audience = "payments"};
    if (const std::string path = setting("PAYMENTS_JWKS_FILE"); !path.empty()) {
        auto keys = http::jwks_file::open(path);
        if (!keys)
            throw cohort::failure{keys.error()};
        return std::make_shared<const http::jwt_verifier>(*std::move(keys), rules);
    }
    return std::make_shared<const http::jwt_verifier>(
        http::shared_keys::of(shared_secret()).value(), rules);
}

http::secure_options security_from_environment()
{
    http::secure_options how{.hosts = {"localhost", "127.0.0.1"}};
    how.helmet.profile = http::helmet_profile::api;
    if (const std::string host = setting("PAYMENTS_HOST"); !host.empty())
        how.hosts = {host};
    if (setting("PAYMENTS_PLAIN_HTTP") == "1")  // for trying it out
        how.https = std::nullopt;
    return how;
}

int main(int argc, char** argv)
{
    try {
        if (argc == 4 && std::string_view{argv[1]} == "token") {  // token ada customer
            const http::jwt_signer issuer{
                shared_secret(),
                {.issuer = setting("PAYMENTS_ISSUER", "payments"), .audience = "payments"}};
            fmt::print("{}\n", issuer.sign(argv[2], {{"roles", argv[3]}}));
            return 0;
        }
        ledger book{setting("PAYMENTS_DATABASE", "payments.db")};
        book.prepare();
        http::router api =
            payment_api(book, tokens_from_environment(), security_from_environment());
        cohort::serve_options more;
        if (const std::string path = setting("PAYMENTS_CERTIFICATE"); !path.empty())
            more.tls = {.certificates = {{path, setting("PAYMENTS_KEY")}}};
        return cohort::serve(argc, argv, api, std::move(more));
    } catch (const std::exception& wrong) {
        fmt::print(stderr, "03_payments: {}\n", wrong.what());
        return 2;
    }
}
