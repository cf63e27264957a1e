#include <cohort/http/negotiation.hpp>

#include <cohort/http/detail/parsed_test.hpp>
#include <cohort/http/router.hpp>

#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;
using cohort::http::detail::parsed;

namespace {

std::string type_for(std::string_view accept)
{
    std::string field;
    if (!accept.empty())
        field = "Accept: " + std::string{accept} + "\r\n";
    const parsed one{"GET /", field};
    return std::string{
        preferred(one.of, {"application/json", "text/html", "text/plain"}).value_or("none")};
}

std::string language_for(std::string_view accept)
{
    const parsed one{"GET /", "Accept-Language: " + std::string{accept} + "\r\n"};
    return std::string{preferred_language(one.of, {"en", "de-CH", "fr"}).value_or("none")};
}

}  // namespace

TEST_CASE("a client gets the type it likes best, and of equals the first")
{
    CHECK(type_for("") == "application/json");
    CHECK(type_for("*/*") == "application/json");
    CHECK(type_for("text/html") == "text/html");
    CHECK(type_for("text/html;q=0.4, text/plain;q=0.5") == "text/plain");
    CHECK(type_for("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8") ==
          "text/html");
    CHECK(type_for("TEXT/*") == "text/html");
}

TEST_CASE("what speaks of a type most closely decides about it")
{
    CHECK(type_for("text/*;q=0.9, text/html;q=0.1, */*;q=0.2") == "text/plain");
    CHECK(type_for("*/*, application/json;q=0") == "text/html");
    CHECK(type_for("text/html;level=1") == "none");
    CHECK(type_for("image/png") == "none");
    CHECK(type_for("application/json;q=0, text/*;q=0") == "none");
}

TEST_CASE("a language is taken for its regions, and a region for its language")
{
    CHECK(language_for("de") == "de-CH");
    CHECK(language_for("en-GB, de;q=0.9") == "en");
    CHECK(language_for("de-ch") == "de-CH");
    CHECK(language_for("it, *;q=0.1") == "en");
    CHECK(language_for("it") == "none");
    CHECK(language_for("fr;q=0.9, en;q=0.8") == "fr");
    CHECK(language_for("e, f") == "none");
}

TEST_CASE("406 says what there is")
{
    const auto answer = not_acceptable({"text/html", "application/json"});
    CHECK(answer.status() == 406);
    CHECK(answer.body().find(R"("available":["text/html","application/json"])") !=
          std::string_view::npos);
}

TEST_CASE("the manual's report comes as the client likes it")
{
    namespace http = cohort::http;
    http::router api;
    api.get("/report", [](const http::request& request) {
        const auto type = http::preferred(request, {"application/json", "text/html"});
        if (!type)
            return http::not_acceptable({"application/json", "text/html"});
        if (type == "text/html")
            return http::html("<p>7 orders</p>").header("Vary", "Accept");
        return http::json({{"orders", 7}}).header("Vary", "Accept");
    });
    REQUIRE(api.freeze());
    const auto body_for = [&](std::string_view accept) {
        parsed one{"GET /report", "Accept: " + std::string{accept} + "\r\n"};
        return std::string{api.plan_for(one.of).to->run(one.of).body()};
    };
    CHECK(body_for("text/html") == "<p>7 orders</p>");
    CHECK(body_for("*/*") == R"({"orders":7})");
    CHECK(body_for("image/png").find("406") != std::string::npos);
}
