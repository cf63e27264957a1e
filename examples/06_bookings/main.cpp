// One description of a struct: it reads, checks, answers and documents. See /docs.
#include <cohort/cohort.hpp>

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

struct page {
    std::uint32_t limit = 20;
    std::vector<std::string> names;
};

struct room {
    std::uint16_t number = 0;
};

const auto guest_schema = schema::object<guest>("Guest")
                              .field("name", &guest::name, schema::text().length(1, 80))
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

const auto page_schema =
    schema::object<page>()
        .defaulted("limit", &page::limit, schema::integer().range(1, 100))
        .defaulted("name", &page::names, schema::list(schema::text()).length(0, 5));

const auto room_schema =
    schema::object<room>().field("number", &room::number, schema::integer().range(1, 400));

int main(int argc, char** argv)
{
    http::router api;
    http::serve_openapi(api, {.title = "Bookings", .version = "1.0.0"});

    api.post("/rooms/{number}/bookings",
             http::given(http::in_path(room_schema), http::in_body(booking_schema))
                 .then([](const http::request&, room, const booking& made) {
                     return http::json_of(booking_schema, made, 201);
                 }),
             {.notes = {http::summary{"Books a room"}, http::tag{"bookings"},
                        http::answers{201, booking_schema, "It is yours"},
                        http::answers{409, "Somebody else has it"}}});

    api.get("/guests",
            http::valid_query(page_schema,
                              [](const http::request&, page asked) -> cohort::task<http::response> {
                                  co_return http::text(std::to_string(asked.limit));
                              }),
            {.notes = {http::summary{"Who is here"}, http::tag{"bookings"}}});

    return cohort::serve(argc, argv, api);
}
