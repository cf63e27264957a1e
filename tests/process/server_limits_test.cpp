// What a program says of its HTTP server, and what the log says of whom it refuses.

#include "family.hpp"
#include "kept_server.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::testing;

TEST_CASE("limits that a program sets hold in each worker, and the log tells of refused requests")
{
    kept_server app{{.workers = 1}};
    {
        client over{app.port()};
        over.send("GET /who?" + std::string(3900, 'x') + " HTTP/1.1\r\nHost: test\r\n\r\n");
        CHECK(over.receive_until("}").starts_with("HTTP/1.1 200"));
    }
    client over{app.port()};
    over.send("GET /who?" + std::string(4100, 'x') + " HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(over.receive_until("}").starts_with("HTTP/1.1 414"));
    const auto said = app.program().wait_for("request refused");
    CHECK(said.at("level") == "info");
    CHECK(said.at("begins") == "GET /who");
    CHECK(std::string{said.at("client").as_string()}.starts_with("127.0.0.1:"));
}
