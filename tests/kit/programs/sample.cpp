// An API that uses all of what schemas and documents can say, for second opinions.
//
// sample openapi: its document. sample schema: the JSON Schema of an order. sample judge: reads
// JSON texts, a line each, and says of each what we think of it: "yes", "no", or "syntax". With
// --listen and so on it serves the API, and the page that shows it.

#include <cohort/cohort.hpp>
#include <cohort/http/auth/authenticated.hpp>
#include <cohort/http/limiting/rate_limit.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/openapi/serve_openapi.hpp>
#include <cohort/http/validation/valid.hpp>
#include <cohort/schema/schema.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <expected>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace http = cohort::http;
namespace schema = cohort::schema;

namespace {

enum class currency : std::uint8_t { eur, usd };

struct card {
    std::string number;
    int month = 1;
};
struct iban {
    std::string account;
};
struct item {
    std::string name;
    std::uint32_t count = 2;
    double weight = 0;
    std::vector<item> parts;
};
struct order {
    std::string to;
    std::int64_t cents = 0;
    std::optional<std::string> note;
    std::optional<std::optional<bool>> gift;
    std::vector<std::string> tags;
    currency in = currency::eur;
    std::variant<card, iban> pay;
    std::variant<int, std::string> reference;
    std::map<std::string, int> extras;
    std::vector<item> items;
};
struct order_id {
    std::uint64_t id = 0;
};
struct filter {
    unsigned limit = 20;
    std::vector<std::string> tags;
};

const auto card_schema = schema::object<card>("Card")
                             .field("number", &card::number, schema::text().pattern("^[0-9]{4,8}$"))
                             .field("month", &card::month, schema::integer().range(1, 12));
const auto iban_schema = schema::object<iban>("Iban").field("account", &iban::account);

const schema::object<item>& item_schema()
{
    static const auto made =
        schema::object<item>("Item")
            .about("A thing, and what it is made of.")
            .field("name", &item::name, schema::text().length(1, 8))
            .defaulted("count", &item::count, schema::integer().multiple_of(2))
            .field("weight", &item::weight, schema::number().above(0).at_most(10.5))
            .defaulted("parts", &item::parts,
                       schema::list(schema::later(item_schema)).length(0, 3));
    return made;
}

const auto order_schema =
    schema::object<order>("Order")
        .field("to", &order::to,
               schema::documented(schema::text().length(1, 5),
                                  {.about = "A **name**.", .examples = {"Ann"}}))
        .field("cents", &order::cents, schema::integer().range(-1000, 1'000'000))
        .field("note", &order::note, schema::text().pattern("^[a-z ]*$"))
        .field("gift", &order::gift)
        .defaulted("tags", &order::tags,
                   schema::list(schema::text().at_most(4)).length(0, 3).unique())
        .defaulted("in", &order::in,
                   schema::choice<currency>({{"EUR", currency::eur}, {"USD", currency::usd}}))
        .field("pay", &order::pay,
               schema::by("kind").when("card", card_schema).when("iban", iban_schema))
        .field("reference", &order::reference,
               schema::any_of(schema::integer().range(0, 99), schema::text().uuid()))
        .defaulted("extras", &order::extras,
                   schema::map(schema::integer().at_least(0)).length(0, 2))
        .field("items", &order::items, schema::list(schema::later(item_schema)).length(1, 4));

const auto id_schema = schema::object<order_id>().field("id", &order_id::id);
const auto filter_schema = schema::object<filter>()
                               .defaulted("limit", &filter::limit, schema::integer().range(1, 100))
                               .defaulted("tag", &filter::tags);

http::openapi_info about()
{
    return {.title = "Orders",
            .version = "2.1.0",
            .about = "What is for sale.",
            .servers = {"https://example.com/shop"},
            .security = {{"token", http::bearer_scheme("JWT")},
                         {"key", http::api_key_scheme("X-Key")},
                         {"basic", http::basic_scheme()}},
            .tags = {{"orders", "What was ordered."}},
            .adjust = [](boost::json::object& document) {
                document["externalDocs"] = {{"url", "https://example.com/more"}};
            }};
}

void add_files(http::routes& to)
{
    const auto nothing = [](const http::request&) { return http::text(""); };
    to.get("/files/{rest...}", nothing, {.notes = {http::answers{200, http::media{"image/*"}}}});
    to.get("/files/{id}", nothing);
    to.del("/files/{name}", nothing);
    to.get("/files/{id}/{version}", nothing, {.notes = {http::undocumented{}}});
    to.post("/files", nothing,
            {.notes = {http::takes{http::form_fields{}
                                       .text("title", "What it shows")
                                       .file("photo", "image/jpeg")
                                       .file("small")
                                       .optional()},
                       http::takes{http::media{"application/octet-stream"}}}});
    to.put("/files/{id}", nothing, {.notes = {http::takes{http::form_fields{}.text("title")}}});
}

http::router sample()
{
    http::router api;
    api.use(http::helmet());
    http::serve_openapi(api, about());
    auto v1 = api.group("/v1");
    v1.post("/orders",
            http::valid(order_schema,
                        [](const http::request&, const order& made) {
                            return http::json_of(order_schema, made, 201);
                        }),
            {.notes = {http::summary{"Orders"}, http::tag{"orders"}, http::security{"token"},
                       http::security{"key"}, http::example{{{"to", "Ann"}}, "The shortest one"},
                       http::answers{201, order_schema, "It is on its way"}
                           .header("Location", "Where it can be followed")
                           .example({{"to", "Ann"}}),
                       http::answers{409, "Sold out"}}});
    const schema::type<std::vector<order>> orders = schema::list(order_schema);
    v1.get("/orders",
           http::valid_query(filter_schema,
                             [](const http::request&, filter) { return http::text(""); }),
           {.notes = {http::answers{200, orders}, http::operation_id{"listOrders"}}});
    v1.del("/orders/{id}",
           http::valid_path(id_schema,
                            [](const http::request&, order_id) { return http::no_content(); }),
           {.notes = {http::answers{204}, http::deprecated{}}});
    add_files(v1);
    auto limited = v1.group("/limited");
    limited.use(http::authenticated(
        http::authenticator{.name = "nobody", .check = [](const http::request&) {
                                return std::unexpected(http::auth_refusal{});
                            }}));
    limited.use(http::rate_limit({.name = "few", .limit = 10}));
    limited.get("/", [](const http::request&) { return http::text(""); });
    return api;
}

std::string document()
{
    http::router api = sample();
    if (!api.freeze())
        return "the routes are wrong";
    return boost::json::serialize(openapi_document(api, about()));
}

void judge()
{
    for (std::string line; std::getline(std::cin, line);) {
        const auto read = order_schema.parse(line);
        if (read)
            fmt::print("yes {}\n", order_schema.write(*read));
        else
            fmt::print("{} {}\n", read.error().syntax ? "syntax" : "no", read.error().text());
    }
}

}  // namespace

int main(int count, char** words)
{
    const std::string_view verb = count == 2 ? words[1] : "";
    if (count > 2) {
        http::router api = sample();
        return cohort::serve(count, words, api);
    }
    if (verb == "openapi")
        fmt::print("{}\n", document());
    else if (verb == "schema")
        fmt::print("{}\n", boost::json::serialize(order_schema.json_schema()));
    else if (verb == "judge")
        judge();
    return 0;
}
