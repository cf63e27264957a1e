// Cohort's HTTP room alone, as bench/hello/ours.cpp is: one process, one loop, no primary. POST
// /echo reads a payment, checks it and writes it back. Usage: validation_ours <port>.
#include "../lib/alone.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/validation/valid.hpp>
#include <cohort/schema/schema.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace http = cohort::http;
namespace schema = cohort::schema;

namespace {

enum class currency : std::uint8_t { eur, usd };

struct line {
    std::string name;
    std::int64_t count = 0;
    double price = 0;
};
struct payment {
    std::string to;
    std::int64_t cents = 0;
    std::optional<std::string> note;
    std::optional<currency> in;
    std::vector<std::string> tags;
    std::vector<line> lines;
};

const auto line_schema = schema::object<line>("Line")
                             .field("name", &line::name, schema::text().length(1, 80))
                             .field("count", &line::count, schema::integer().range(1, 1000))
                             .field("price", &line::price, schema::number().at_least(0));

const auto payment_schema =
    schema::object<payment>("Payment")
        .field("to", &payment::to, schema::text().length(1, 80))
        .field("cents", &payment::cents, schema::integer().range(1, 1'000'000))
        .field("note", &payment::note, schema::text().pattern("^[a-z ]*$"))
        .field("in", &payment::in,
               schema::choice<currency>({{"EUR", currency::eur}, {"USD", currency::usd}}))
        .defaulted("tags", &payment::tags, schema::list(schema::text().at_most(20)).length(0, 10))
        .field("lines", &payment::lines, schema::list(line_schema).length(0, 100));

}  // namespace

int main(int argc, char** argv)
{
    const auto port = argc > 1 ? cohort::parse_integer<std::uint16_t>(argv[1]) : std::nullopt;
    if (!port)
        return 2;
    http::router api;
    api.get("/healthz", [](const http::request&) { return http::text("ok"); });
    api.post("/echo", http::valid(payment_schema, [](const http::request&, const payment& made) {
                 return http::json_of(payment_schema, made);
             }));
    return bench::serve_alone(*port, api);
}
