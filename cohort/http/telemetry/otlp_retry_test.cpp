#include <cohort/http/telemetry/otlp_retry.hpp>

#include <doctest/doctest.h>

#include <cerrno>

using namespace cohort;
using http::otlp_retry;
using then = otlp_retry::then;
using namespace std::chrono_literals;

TEST_CASE("only answers that may be others later are asked for again")
{
    otlp_retry rule;
    for (const unsigned status : {200U, 202U})
        CHECK(rule.answered(status, std::nullopt).what == then::done);
    for (const unsigned status : {301U, 400U, 401U, 404U, 408U, 413U, 500U, 501U, 505U})
        CHECK(rule.answered(status, 1s).what == then::drop);
    for (const unsigned status : {429U, 502U, 503U, 504U})
        CHECK(rule.answered(status, std::nullopt).what == then::again);
}

TEST_CASE("pauses grow, differ at random, and are the server's if it names one")
{
    otlp_retry rule;
    nanoseconds full = 1s;
    for (int i = 0; i < 6; ++i) {
        const nanoseconds pause = rule.answered(503, std::nullopt).pause;
        CHECK(pause <= full);
        CHECK(pause >= full * 3 / 4);
        full = std::min<nanoseconds>(full * 2, otlp_retry::pause_ceiling);
    }
    CHECK(rule.answered(429, 17s).pause == 17s);
    CHECK(rule.answered(429, 0s).pause == 0s);
}

TEST_CASE("what did not come through is sent again, what is wrong in itself is not")
{
    otlp_retry rule;
    const error_code refused{ECONNREFUSED, boost::system::system_category()};
    CHECK(rule.failed(refused).what == then::again);
    CHECK(rule.failed(errc::channel_closed).what == then::again);
    CHECK(rule.failed(errc::deadline_passed).what == then::again);
    for (const errc wrong : {errc::malformed, errc::too_large, errc::bad_value, errc::cancelled})
        CHECK(rule.failed(wrong).what == then::drop);
}
