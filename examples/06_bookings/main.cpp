// One description of a struct: it reads, checks, answers and documents. See /docs.
#include <cohort/cohort.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace http = cohort::http;
namespace schema = cohort::schema;

enum class meal { none, breakfast, dinner };

struct guest {
    std::string name;
    std::string email;
};

struct booking {
    std::string from;
    std::string until;
    std::vector<guest> guests;
    meal with = meal::none;
    std::optional<std::string> wishes;
};

struct search {
    std::uint32_t limit = 20;
    std::vector<std::string> names;  // of any of these, or everybody
};

struct room {
    std::uint16_t number = 0;
};

const auto guest_schema =
    schema::object<guest>("Guest")
        .field("name", &guest::name,
               schema::documented(schema::text().length(1, 80), {.about = "As on the passport."}))
        .field("email", &guest::email, schema::text().email());

const auto booking_schema =
    schema::object<booking>("Booking")
        .field("from", &booking::from, schema::text().date())
        .field("until", &booking::until, schema::text().date())
        .field("guests", &booking::guests, schema::list(guest_schema).length(1, 4))
        .defaulted(
            "with", &booking::with,
            schema::choice<meal>(
                {{"none", meal::none}, {"breakfast", meal::breakfast}, {"dinner", meal::dinner}}))
        .field("wishes", &booking::wishes, schema::text().at_most(500))
        .check("must be after `from`", [](const booking& b) { return b.from < b.until; }, "/until");

const auto search_schema =
    schema::object<search>()
        .defaulted("limit", &search::limit, schema::integer().range(1, 100))
        .defaulted("name", &search::names, schema::list(schema::text()).length(0, 5));

// What is no struct has a type.
const schema::type<std::vector<guest>> guests_schema = schema::list(guest_schema);

const auto room_schema =
    schema::object<room>().field("number", &room::number, schema::integer().range(1, 400));

// A hotel has a database.
const std::vector<guest> here = {{"Ada", "ada@example.com"}, {"Bob", "bob@example.com"}};

std::vector<guest> find(const search& asked)
{
    std::vector<guest> found;
    for (const guest& each : here) {
        const bool wanted =
            asked.names.empty() || std::ranges::find(asked.names, each.name) != asked.names.end();
        if (wanted && found.size() < asked.limit)
            found.push_back(each);
    }
    return found;
}

int main(int argc, char** argv)
{
    http::router api;
    api.use(http::helmet());
    http::serve_openapi(api, {.title = "Bookings", .version = "1.0.0"});

    api.post("/rooms/{number}/bookings",
             http::given(http::in_path(room_schema), http::in_body(booking_schema))
                 .then([](const http::request&, room, const booking& made) {
                     return http::json_of(booking_schema, made, 201);
                 }),
             {.notes = {http::summary{"Books a room"}, http::tag{"bookings"},
                        http::example{{{"from", "2026-11-29"},
                                       {"until", "2026-12-01"},
                                       {"guests", {{{"name", "Ada"}, {"email", "a@b.example"}}}}}},
                        http::answers{201, booking_schema, "It is yours"},
                        http::answers{409, "Somebody else has it"}}});

    api.get("/guests",
            http::valid_query(
                search_schema,
                [](const http::request&, const search& asked) -> cohort::task<http::response> {
                    co_return http::json_of(guests_schema, find(asked));
                }),
            {.notes = {http::summary{"Who is here"}, http::tag{"guests"},
                       http::answers{200, guests_schema, "Some of them"}}});

    return cohort::serve(argc, argv, api);
}
