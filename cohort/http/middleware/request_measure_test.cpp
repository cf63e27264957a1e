#include <cohort/http/middleware/request_measure.hpp>

#include <cohort/http/detail/middleware_test.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort::http;
using cohort::http::detail::around;

TEST_CASE("each request is measured by its route, and unknown paths have none")
{
    std::vector<std::string> seen;
    around one;
    one.use(on_request_measured([&](const request_measure& what) noexcept {
        seen.push_back(std::string{text(what.method)} + " " + std::string{what.route} + " " +
                       std::to_string(what.status_class) + " " +
                       std::to_string(what.request_bytes));
        CHECK(what.took >= cohort::nanoseconds{0});
    }));
    one.send("POST /", "Content-Length: 3\r\n", "abc");
    one.get("/absent");
    one.send("BREW /");
    CHECK(seen == std::vector<std::string>{"POST / 2 3", "GET  4 0", " / 2 0"});
}
