#include <cohort/observe/otlp_metrics.hpp>

#include <cohort/observe/metrics.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace cohort;
using namespace cohort::observe;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

constexpr reading_time when{.began_unix_ns = 1'000, .now_unix_ns = 5'000};
constexpr std::size_t plenty = std::size_t{1} << 24;

std::vector<otlp_document> documents(std::size_t bytes_max = plenty)
{
    static auto reader = metric_reader::of(board::commons::here());
    REQUIRE(reader);
    otlp_resource of;
    of.set("service.name", "shop");
    metrics_reading seen = reader->read();
    seen.wall_ahead_ns = 7;
    return otlp_metrics(of, seen, when, bytes_max);
}

/// The metric of that name in the only document; null: there is none.
json::value metric(std::string_view name)
{
    const auto all = documents();
    REQUIRE(all.size() == 1);
    const json::value whole = json::parse(all.front().text);
    for (const auto& each :
         whole.at("resourceMetrics").at(0).at("scopeMetrics").at(0).at("metrics").as_array())
    {
        if (std::string_view{each.at("name").as_string()} == name)
            return each;
    }
    return nullptr;
}

}  // namespace

TEST_CASE("a counter is a sum since the beginning, under the name that it has")
{
    auto& paid = metrics::counter("otlp_test_paid_total", "Payments \"made\"", {"currency", "by"});
    paid.with("EUR", "").add(3);
    const json::value seen = metric("otlp_test_paid_total");
    CHECK(seen.at("description") == "Payments \"made\"");
    CHECK_FALSE(seen.as_object().contains("unit"));
    CHECK(seen.at("sum").at("isMonotonic") == true);
    CHECK(seen.at("sum").at("aggregationTemporality") == 2);
    const json::value& point = seen.at("sum").at("dataPoints").at(0);
    CHECK(point.at("startTimeUnixNano") == "1000");
    CHECK(point.at("timeUnixNano") == "5000");
    CHECK(point.at("asInt") == "3");
    CHECK(point.at("attributes").as_array().size() == 1);  // one that is empty is none
    CHECK(point.at("attributes").at(0).at("key") == "currency");
    CHECK(point.at("attributes").at(0).at("value").at("stringValue") == "EUR");
}

TEST_CASE("time that was spent is in seconds")
{
    metrics::time_counter("otlp_test_busy_seconds_total", "Busy").add(1500ms);
    const json::value seen = metric("otlp_test_busy_seconds_total");
    CHECK(seen.at("unit") == "s");
    CHECK(seen.at("sum").at("dataPoints").at(0).at("asDouble") == 1.5);
}

TEST_CASE("what goes up and down is a gauge, without a beginning")
{
    metrics::gauge("otlp_test_waiting", "Waiting").set(2.5);
    const json::value point = metric("otlp_test_waiting").at("gauge").at("dataPoints").at(0);
    CHECK(point.at("asDouble") == 2.5);
    CHECK_FALSE(point.as_object().contains("startTimeUnixNano"));
    CHECK_FALSE(point.as_object().contains("attributes"));
}

TEST_CASE("a histogram has a count for each of its buckets and for what is above, and exemplars")
{
    auto& took = metrics::histogram("otlp_test_took_seconds", "Took",
                                    {.buckets = {0.01, 0.5}, .exemplars = true});
    took.record(10ms);
    took.record(20ms, {0x0af7651916cd43dd, 0x8448eb211c80319c});
    took.record(2s);
    const json::value point =
        metric("otlp_test_took_seconds").at("histogram").at("dataPoints").at(0);
    CHECK(point.at("count") == "3");
    CHECK(point.at("sum").to_number<double>() == doctest::Approx(2.03));
    CHECK(json::serialize(point.at("bucketCounts")) == R"(["1","1","1"])");
    CHECK(point.at("explicitBounds").as_array().size() == 2);
    CHECK(point.at("explicitBounds").at(0).to_number<double>() == 0.01);
    REQUIRE(point.at("exemplars").as_array().size() == 1);
    const json::value& one = point.at("exemplars").at(0);
    CHECK(one.at("traceId") == "0af7651916cd43dd8448eb211c80319c");
    CHECK(one.at("asDouble").to_number<double>() == 0.02);
}

TEST_CASE("what OpenTelemetry has a name for has that, and so have its attributes")
{
    metrics::histogram("http_server_request_duration_seconds", "How long",
                       {"http_request_method", "http_response_status_code"})
        .with("GET", "200")
        .record(1ms);
    const json::value seen = metric("http.server.request.duration");
    CHECK(seen.at("unit") == "s");
    const json::value& attributes = seen.at("histogram").at("dataPoints").at(0).at("attributes");
    CHECK(attributes.at(0).at("key") == "http.request.method");
    CHECK(attributes.at(1).at("key") == "http.response.status_code");
    CHECK(attributes.at(1).at("value").at("intValue") == "200");

    metrics::gauge("http_server_active_requests", "Active").set(4);
    const json::value active = metric("http.server.active_requests");
    CHECK(active.at("unit") == "{request}");
    CHECK(active.at("sum").at("isMonotonic") == false);
    CHECK(active.at("sum").at("dataPoints").at(0).at("startTimeUnixNano") == "1000");
}

TEST_CASE("what does not fit into a request is in the next one, whole, and each once")
{
    auto& many = metrics::counter("otlp_test_many_total", "Many", {"which"});
    for (int i = 0; i < 100; ++i)
        many.with(i).add();
    std::size_t items = 0;
    std::set<std::string> seen;
    const auto all = documents(4096);
    CHECK(all.size() >= 3);
    for (const otlp_document& each : all) {
        CHECK(each.text.size() <= 4096);
        CHECK(each.items > 0);
        std::size_t points = 0;
        const json::value whole = json::parse(each.text);
        CHECK(whole.at("resourceMetrics").at(0).at("resource").at("attributes").as_array().size() ==
              1);
        for (const auto& one :
             whole.at("resourceMetrics").at(0).at("scopeMetrics").at(0).at("metrics").as_array())
        {
            const json::object& parts = one.as_object();
            const auto* data = parts.if_contains("sum");
            data = data != nullptr ? data : parts.if_contains("gauge");
            data = data != nullptr ? data : parts.if_contains("histogram");
            REQUIRE(data != nullptr);
            for (const auto& point : data->at("dataPoints").as_array()) {
                ++points;
                if (one.at("name") == "otlp_test_many_total")
                    CHECK(seen.insert(json::serialize(point.at("attributes"))).second);
            }
        }
        CHECK(points == each.items);
        items += each.items;
    }
    CHECK(seen.size() == 100);
    CHECK(items == documents().front().items);
}

TEST_CASE("all who ask are told the same beginning")
{
    const auto first = counting_since(board::commons::here());
    REQUIRE(first);
    CHECK(*first > 1'500'000'000'000'000'000U);
    CHECK(counting_since(board::commons::here()) == *first);
}

TEST_CASE("of a cohort that counts nothing nothing is sent")
{
    CHECK(otlp_metrics({}, {}, when, plenty).empty());
}
