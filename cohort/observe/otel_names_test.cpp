#include <cohort/observe/otel_names.hpp>

#include <doctest/doctest.h>

using namespace cohort::observe;

TEST_CASE("what OpenTelemetry has a name for is found, and all else keeps its own")
{
    CHECK(otel_metric_of("http_server_request_duration_seconds").name ==
          "http.server.request.duration");
    CHECK(otel_metric_of("http_server_request_duration_seconds").unit == "s");
    CHECK(otel_metric_of("payments_total").name == "payments_total");
    CHECK(otel_metric_of("payments_total").unit.empty());
    CHECK_FALSE(otel_metric_of("payments_total").adds_up);
    CHECK(otel_attribute_of("http_response_status_code").type == otel_type::integer);
    CHECK(otel_attribute_of("currency").name == "currency");
    CHECK(otel_attribute_of("currency").type == otel_type::text);
}
