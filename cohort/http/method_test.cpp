#include <cohort/http/method.hpp>

#include <doctest/doctest.h>

using namespace cohort::http;

TEST_CASE("every method we know is read from its own text, and from no other")
{
    for (std::size_t index = 1; index < methods_count; ++index) {
        const auto verb = static_cast<method>(index);
        CHECK(parse_method(text(verb)) == verb);
    }
    for (const char* token : {"", "get", "GETS", "GE", "PUR", "HEAP", "DELETF", "del", "Post"})
        CHECK_MESSAGE(parse_method(token) == method::other, token);
}

TEST_CASE("safe methods are idempotent, and POST, PATCH and CONNECT are neither")
{
    for (std::size_t index = 0; index < methods_count; ++index) {
        const auto verb = static_cast<method>(index);
        CHECK((!safe(verb) || idempotent(verb)));
    }
    CHECK(idempotent(method::put));
    CHECK_FALSE(safe(method::put));
    CHECK_FALSE(idempotent(method::post));
    CHECK_FALSE(idempotent(method::patch));
    CHECK_FALSE(idempotent(method::other));
}
