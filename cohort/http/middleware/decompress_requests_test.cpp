#include <cohort/http/middleware/decompress_requests.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/detail/middleware_test.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;
using cohort::http::detail::around;

namespace {

response post(std::string_view said, std::string_view body, decompression_options choices = {})
{
    around one;
    one.use(decompress_requests(choices));
    one.options.body_max = 100'000;
    one.sees = [](const request& of) { return text(std::string{of.body()}); };
    return one.send("POST /", "Content-Encoding: " + std::string{said} + "\r\n", body);
}

}  // namespace

TEST_CASE("a handler sees the body as it was before it was compressed")
{
    for (const coding kind : {coding::gzip, coding::br, coding::zstd}) {
        CAPTURE(name(kind));
        CHECK(post(name(kind), encode(kind, "hello, hello").value()).body() == "hello, hello");
    }
    CHECK(post("GZip", encode(coding::gzip, "x").value()).body() == "x");
    CHECK(post("identity", "plain").body() == "plain");
}

TEST_CASE("what is too large, too dense or broken does not reach the handler")
{
    const std::string zeros(200'000, '0');
    const std::string bomb = encode(coding::gzip, zeros).value();
    CHECK(post("gzip", bomb).status() == 413);
    CHECK(post("gzip", bomb, {.bytes_max = 300'000}).status() == 413);
    CHECK(post("gzip", bomb, {.bytes_max = 300'000, .ratio_max = 5000}).status() == 200);
    CHECK(post("gzip", "not gzip").status() == 400);
    CHECK(post("gzip", "").status() == 400);
}

TEST_CASE("other codings are refused, and the answer names ours")
{
    for (const char* said : {"deflate", "gzip, br", "compress", "x"}) {
        const auto answer = post(said, "x");
        CHECK(answer.status() == 415);
        CHECK(answer.header("Accept-Encoding") == "gzip, br, zstd");
    }
    around one;
    one.use(decompress_requests());
    CHECK(one.send("POST /", "Content-Encoding: gzip\r\nContent-Encoding: br\r\n", "x").status() ==
          415);
    CHECK(one.send("POST /absent", "Content-Encoding: gzip\r\n", "x").status() == 404);
}

TEST_CASE("no bytes out for each byte in is a mistake, found at the start")
{
    CHECK_THROWS_AS((void)decompress_requests({.ratio_max = 0}), cohort::failure);
}
