#pragma once
// What comes in and goes out, described once: checked, answered and documented by it.

#include "ledger.hpp"

#include <cohort/schema/schema.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace schema = cohort::schema;

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

inline const auto cents = schema::integer().range(1, 100'000'000);  // money is no fraction
inline const auto currencies = schema::choice<std::string>({{"EUR", "EUR"}, {"USD", "USD"}});
inline const auto iban =
    schema::documented(schema::text().pattern("^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"),
                       {.about = "An IBAN.", .examples = {"DE02120300000000202051"}});
inline const auto note = schema::text().length(1, 140);

inline const auto order_schema = schema::object<order>("Order")
                                     .field("to", &order::to, iban)
                                     .field("cents", &order::cents, cents)
                                     .field("currency", &order::currency, currencies)
                                     .field("note", &order::note, note);
inline const auto payment_schema =
    schema::object<payment>("Payment")
        .field("id", &payment::id, schema::integer().at_least(1))
        .field("owner", &payment::owner)
        .field("to", &payment::to, iban)
        .field("cents", &payment::cents, cents)
        .field("currency", &payment::currency, currencies)
        .field("note", &payment::note, note)
        .field("refunded", &payment::refunded, schema::integer().at_least(0))
        .field("created", &payment::created, schema::text().date_time());
inline const auto list_schema =
    schema::object<payments>("Payments")
        .field("payments", &payments::payments, schema::list(payment_schema))
        .field("next", &payments::next, schema::integer().at_least(1));
inline const auto refund_schema =
    schema::object<refund>("Refund").field("cents", &refund::cents, cents);
inline const auto id_schema =
    schema::object<by_id>().field("id", &by_id::id, schema::integer().at_least(1));
inline const auto key_schema = schema::object<by_key>().field(
    "Idempotency-Key", &by_key::key,
    schema::documented(schema::text().pattern("^[!-~]{8,128}$"),
                       {.about = "Yours for this change, and no other. The same one again has the "
                                 "first answer again, for a day.",
                        .examples = {"order-4711"}}));
inline const auto page_schema =
    schema::object<pages>()
        .defaulted("limit", &pages::limit, schema::integer().range(1, 100))
        .defaulted("after", &pages::after, schema::integer().at_least(0));
