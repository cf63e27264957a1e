// A payment API: validation, OpenAPI, tokens, roles and idempotency keys on SQLite. See README.md.
#include "environment.hpp"
#include "ledger.hpp"
#include "shapes.hpp"

#include <cohort/cohort.hpp>
#include <cohort/crypto/hex.hpp>
#include <cohort/crypto/sha256.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace http = cohort::http;

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
             .notes = {http::permission{"payments:create"}, http::summary{"Pays"},
                       http::answers{201, payment_schema, "It is paid"}.header("Location")}});

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
             .notes = {http::permission{"payments:refund"},
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
            .notes = {http::permission{"payments:read"}, http::summary{"One payment"},
                      http::answers{200, payment_schema}, http::answers{404, "There is none"}}});

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
            .notes = {http::permission{"payments:list"},
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
            {.notes = {http::quiet{}, http::undocumented{}, http::plain_http_too{},
                       http::any_host_too{}}});

    http::routes known = api.group("");
    known.use(http::authenticated(http::bearer(std::move(tokens))));
    known.use(http::rate_limit({.name = "payments", .limit = 600, .key = http::limit_key::user()}));
    http::access(known, who_may_what());
    add_payments(known, book);
    return api;
}

int main(int argc, char** argv)
{
    try {
        if (argc == 4 && std::string_view{argv[1]} == "token") {  // token ada customer
            fmt::print("{}\n", make_token(argv[2], argv[3]));
            return 0;
        }
        ledger book{setting("PAYMENTS_DATABASE", "payments.db")};
        book.prepare();
        http::router api =
            payment_api(book, tokens_from_environment(), security_from_environment());
        return cohort::serve(argc, argv, api, {.tls = tls_from_environment()});
    } catch (const std::exception& wrong) {
        fmt::print(stderr, "03_payments: {}\n", wrong.what());
        return 2;
    }
}
