#include <cohort/primary/http_inquiry.hpp>

#include <doctest/doctest.h>

using namespace cohort::primary;

TEST_CASE("the status is read from the first bytes of an answer, and only from HTTP")
{
    CHECK(status_of("HTTP/1.1 204 No Content") == 204);
    CHECK(status_of("HTTP/1.0 503") == 503);
    for (const auto* const wrong :
         {"", "HTTP/1.1", "HTTP/2.0 200", "HTTP/1.1 20x", "HTTP/1.1  20", "HTTP/1.1 099",
          "HTTP/1.1 600", "SSH-2.0-OpenSSH", "HTTP/1.1-200"})
        CHECK_FALSE(status_of(wrong));
}
