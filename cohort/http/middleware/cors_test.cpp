#include <cohort/http/middleware/cors.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/problem.hpp>

#include <doctest/doctest.h>

using namespace cohort::http;
using namespace std::chrono_literals;
using cohort::http::detail::around;

namespace {

constexpr std::string_view ours = "Origin: https://app.example\r\n";
constexpr std::string_view theirs = "Origin: https://evil.example\r\n";
constexpr std::string_view asking = "Origin: https://app.example\r\n"
                                    "Access-Control-Request-Method: PUT\r\n"
                                    "Access-Control-Request-Headers: x-one,content-type\r\n";

std::string wire(const response& answer) { return std::string{answer.fields().wire()}; }

}  // namespace

TEST_CASE("an origin on the list may read, others may not, and caches keep them apart")
{
    around one;
    one.use(cors({.origins = {"https://app.example"}}));
    CHECK(wire(one.get("/", ours)) ==
          "Access-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\n");
    CHECK(wire(one.get("/", theirs)) == "Vary: Origin\r\n");
    CHECK(wire(one.get("/")) == "Vary: Origin\r\n");
    CHECK(one.get("/absent", ours).header("Access-Control-Allow-Origin") == "https://app.example");
}

TEST_CASE("every origin may read by name only, and then without Vary")
{
    around one;
    one.use(cors({.origins = any_origin}));
    CHECK(wire(one.get("/", theirs)) == "Access-Control-Allow-Origin: *\r\n");
    around none;
    none.use(cors({}));
    CHECK(wire(none.get("/", ours)) == "Vary: Origin\r\n");
}

TEST_CASE("a predicate decides about origins that look like some, and `null` is nobody")
{
    around one;
    one.use(
        cors({.origins = [](std::string_view origin) { return origin.ends_with("app.example"); },
              .credentials = cors_credentials::allowed}));
    CHECK(wire(one.get("/", ours)) ==
          "Access-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\n"
          "Access-Control-Allow-Credentials: true\r\n");
    around all;
    all.use(cors({.origins = [](std::string_view) { return true; }}));
    CHECK(wire(all.get("/", "Origin: null\r\n")) == "Vary: Origin\r\n");
    CHECK(wire(all.get("/", "Origin: https://a.example/x\r\n")) == "Vary: Origin\r\n");
}

TEST_CASE("a preflight is answered, though the path has no OPTIONS route, or none at all")
{
    around one;
    bool ran = false;
    one.use(cors({.origins = {"https://app.example"},
                  .headers = {"X-One"},
                  .exposed_headers = {"X-Total"},
                  .credentials = cors_credentials::allowed,
                  .max_age = 600s}))
        .use({.name = "guard", .before = [&](request&) -> std::optional<response> {
                  ran = true;
                  return problem(401);
              }});
    const auto answer = one.send("OPTIONS /absent", asking);
    CHECK(answer.status() == 204);
    CHECK(wire(answer) == "Access-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\n"
                          "Access-Control-Allow-Credentials: true\r\n"
                          "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n"
                          "Access-Control-Allow-Headers: X-One\r\n"
                          "Access-Control-Max-Age: 600\r\n");
    CHECK_FALSE(ran);
    CHECK(one.get("/", ours).status() == 401);
    CHECK(one.get("/", ours).header("Access-Control-Expose-Headers") == "X-Total");
}

TEST_CASE("a preflight of a stranger learns nothing")
{
    around one;
    one.use(cors({.origins = {"https://app.example"}}));
    std::string fields{asking};
    fields.replace(0, ours.size(), theirs);
    CHECK(wire(one.send("OPTIONS /", fields)) == "Vary: Origin\r\n");
}

TEST_CASE("any header means those that are asked for")
{
    around one;
    one.use(cors({.origins = any_origin, .headers = any_header}));
    const auto answer = one.send("OPTIONS /", asking);
    CHECK(answer.header("Access-Control-Allow-Headers") == "x-one,content-type");
    CHECK(answer.header("Vary") == "Access-Control-Request-Headers");
}

TEST_CASE("an OPTIONS request that is no preflight goes on to its route")
{
    around one;
    one.use(cors({.origins = any_origin}));
    CHECK(one.send("OPTIONS /", ours).status() == 200);
    CHECK(one.send("OPTIONS /", "Access-Control-Request-Method: GET\r\n").status() == 200);
}

TEST_CASE("private networks are opened by name only")
{
    const auto ask = [](cors_private_network choice) {
        around one;
        one.use(cors({.origins = any_origin, .private_network = choice}));
        return one
            .send("OPTIONS /",
                  std::string{asking} + "Access-Control-Request-Private-Network: true\r\n")
            .header("Access-Control-Allow-Private-Network")
            .has_value();
    };
    CHECK_FALSE(ask(cors_private_network::refused));
    CHECK(ask(cors_private_network::allowed));
}

TEST_CASE("what could never work, or should not, does not start")
{
    using cohort::failure;
    CHECK_THROWS_AS((void)cors({.origins = any_origin, .credentials = cors_credentials::allowed}),
                    failure);
    for (const char* origin : {"https://a.example/", "a.example", "null", "*", "HTTPS://a.example",
                               "https://", "https://a.example\r\nX: y", "https://u@a.example",
                               "https://a.example:443", "http://a.example:80"})
        CHECK_THROWS_AS((void)cors({.origins = {origin}}), failure);
    CHECK_THROWS_AS((void)cors({.origins = any_origin, .methods = {"A B"}}), failure);
}
