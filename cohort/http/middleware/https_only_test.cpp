#include <cohort/http/middleware/https_only.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/detail/middleware_test.hpp>
#include <cohort/http/requester.hpp>
#include <cohort/http/tls/facts.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace cohort::http;
using cohort::http::detail::around;

namespace {

std::string sent_to(std::string_view line, https_options choices = {})
{
    around one;
    one.use(https_only(choices));
    const auto answer = one.send(line);
    return std::to_string(answer.status()) + " " +
           std::string{answer.header("Location").value_or("")};
}

}  // namespace

TEST_CASE("reading over http is sent to the same host and target over https")
{
    CHECK(sent_to("GET /") == "308 https://test/");
    CHECK(sent_to("HEAD /a/b?c=d&e") == "308 https://test/a/b?c=d&e");
    CHECK(sent_to("GET /", {.port = 8443, .status = 307}) == "307 https://test:8443/");
}

TEST_CASE("no target leads to another host")
{
    CHECK(sent_to("GET //evil.example/x") == "308 https://test//evil.example/x");
    CHECK(sent_to("GET /@evil.example") == "308 https://test/@evil.example");
    CHECK(sent_to("GET http://a.example:8080/x?y") == "308 https://a.example/x?y");
}

TEST_CASE("other methods are refused, since a redirect would hide what was said in the open")
{
    CHECK(sent_to("POST /") == "403 ");
    CHECK(sent_to("OPTIONS *") == "403 ");
}

TEST_CASE("https passes, and so do routes with the note and the primary's own probes")
{
    around one;
    one.use({.name = "tls",
             .before = [](request& of) -> std::optional<response> {
                 of.attach(tls::secured{nullptr});
                 return std::nullopt;
             }})
        .use(https_only());
    CHECK(one.get().status() == 200);
    around health;
    health.use(https_only());
    health.options.notes = {plain_http_too{}};
    CHECK(health.get().status() == 200);
    around other;
    other.use(https_only());
    peer_lookup probe{peer::own()};
    CHECK(other.send("GET /", {}, {}, {.from = &probe}).status() == 200);
    CHECK_THROWS_AS((void)https_only({.status = 200}), cohort::failure);
}
