#include <cohort/http/fingerprint.hpp>
#include <cohort/http/detail/parsed_test.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace cohort::http;
using namespace cohort::http::detail;

TEST_CASE("requests differ by method, target, body and its length, and by nothing else")
{
    const std::string large(10'000, 'x');
    std::string other = large;
    other[9'000] = 'y';
    const auto of = [](const std::string& line, std::string_view fields, std::string_view body) {
        const parsed one{line, fields, body};
        return fingerprint(one.of);
    };
    const auto plain = of("PUT /a?b", {}, "body");
    CHECK(plain != 0);
    CHECK(plain == of("PUT /a?b", "X: y\r\n", "body"));
    CHECK(of("PUT /", {}, large) == of("PUT /", {}, other));  // beyond what is looked at
    const std::set<std::uint64_t> all{plain,
                                      of("POST /a?b", {}, "body"),
                                      of("PUT /a?c", {}, "body"),
                                      of("PUT /a?b", {}, "bodY"),
                                      of("PUT /a?b", {}, "body "),
                                      of("PUT /", {}, large),
                                      of("PUT /", {}, large + "x")};
    CHECK(all.size() == 7);
}
