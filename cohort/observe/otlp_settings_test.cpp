#include <cohort/observe/otlp_settings.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace cohort;
using namespace cohort::observe;
using namespace std::chrono_literals;

namespace {

using variables = std::map<std::string, std::string>;

otlp_settings read(const variables& all, const otlp_identity& us = {})
{
    return otlp_settings_from(
        [&all](const char* name) -> std::optional<std::string_view> {
            const auto found = all.find(name);
            return found == all.end() ? std::nullopt
                                      : std::optional<std::string_view>{found->second};
        },
        us);
}

std::string text_of(const otlp_settings& from, std::string_view key)
{
    const attribute_value* const found = from.resource.find(key);
    return found == nullptr ? "" : std::get<std::string>(*found);
}

}  // namespace

TEST_CASE("an environment that says nothing means: record and send nothing")
{
    const otlp_settings usual = read({}, {.service = "shop", .version = "1.2", .instance = "x"});
    CHECK_FALSE(usual.traces.wanted);
    CHECK_FALSE(usual.tracing.recorded);
    CHECK(usual.tracing.which == sampler{});
    CHECK(usual.traces.address == "http://localhost:4318/v1/traces");
    CHECK(usual.traces.timeout == 10s);
    CHECK(usual.spans.delay == 5s);
    CHECK(usual.spans.items_max == 512);
    CHECK(usual.complaints.empty());
    CHECK(text_of(usual, "service.name") == "shop");
    CHECK(text_of(usual, "service.version") == "1.2");
    CHECK(text_of(usual, "service.instance.id") == "x");
    CHECK(text_of(usual, "telemetry.sdk.language") == "cpp");
    CHECK(text_of(read({}), "service.name") == "unknown_service:cohort");
}

TEST_CASE("an endpoint switches sending on; one of a signal is used as it is")
{
    const otlp_settings all = read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/"},
                                    {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs/here"},
                                    {"OTEL_METRICS_EXPORTER", "none"}});
    CHECK(all.traces.wanted);
    CHECK(all.tracing.recorded);
    CHECK(all.traces.address == "http://collector:4318/v1/traces");
    CHECK(all.logs.address == "http://logs/here");
    CHECK(all.logs.wanted);
    CHECK_FALSE(all.metrics.wanted);
    CHECK(read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c/base"}}).traces.address ==
          "http://c/base/v1/traces");
    CHECK(read({{"OTEL_TRACES_EXPORTER", "otlp"}}).traces.wanted);
    const otlp_settings off = read(
        {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"}, {"OTEL_SDK_DISABLED", "TRUE"}});
    CHECK_FALSE(off.traces.wanted);
    CHECK_FALSE(off.tracing.recorded);
    CHECK_FALSE(read({{"OTEL_EXPORTER_OTLP_ENDPOINT", ""}}).traces.wanted);
}

TEST_CASE("variables of one signal come before those of all")
{
    const otlp_settings all = read({{"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b,x=1"},
                                    {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=Bearer t"},
                                    {"OTEL_EXPORTER_OTLP_TIMEOUT", "2500"},
                                    {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"},
                                    {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"}});
    REQUIRE(all.traces.headers.size() == 1);
    CHECK(all.traces.headers[0] ==
          std::pair<std::string, std::string>{"authorization", "Bearer t"});
    REQUIRE(all.logs.headers.size() == 2);
    CHECK(all.logs.headers[0].second == "a b");
    CHECK(all.traces.timeout == 2500ms);
    CHECK(all.traces.compression == otlp_compression::none);
    CHECK(all.logs.compression == otlp_compression::gzip);
    CHECK(all.complaints.empty());
}

TEST_CASE("sampler, batches, limits, propagators and resource are read")
{
    const otlp_settings all =
        read({{"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"},
              {"OTEL_TRACES_SAMPLER_ARG", "0.25"},
              {"OTEL_BSP_SCHEDULE_DELAY", "100"},
              {"OTEL_BSP_EXPORT_TIMEOUT", "200"},
              {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "7"},
              {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "5"},
              {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "99"},
              {"OTEL_PROPAGATORS", "baggage"},
              {"OTEL_SERVICE_NAME", "cart"},
              {"OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment.environment=a%2Cb"}});
    CHECK(all.tracing.which == sampler{sampler::by::parent, sampler::roots::share, 0.25});
    CHECK(all.spans.delay == 100ms);
    CHECK(all.spans.timeout == 200ms);
    CHECK(all.spans.items_max == 7);
    CHECK(all.tracing.attributes_max == 5);
    CHECK(all.tracing.value_bytes_max == 99);
    CHECK_FALSE(all.tracing.contexts_exchanged);
    CHECK(all.tracing.baggage_handed_on);
    CHECK(text_of(all, "service.name") == "cart");
    CHECK(text_of(all, "deployment.environment") == "a,b");
    CHECK(all.complaints.empty());
}

TEST_CASE("who wants no trace at all says always_off, and gets no failures either")
{
    const auto plain = read({{"OTEL_TRACES_SAMPLER", "always_off"}}).tracing;
    CHECK_FALSE(plain.errors);
    CHECK(plain.slow == 0ns);
    const auto by_parent = read({{"OTEL_TRACES_SAMPLER", "parentbased_always_off"}}).tracing;
    CHECK(by_parent.errors);
    CHECK(by_parent.slow > 0ns);
}

TEST_CASE("what makes no sense is complained about, and counts as not set")
{
    const variables wrong{
        {"OTEL_TRACES_SAMPLER", "jaeger_remote"},   {"OTEL_TRACES_EXPORTER", "zipkin"},
        {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},    {"OTEL_EXPORTER_OTLP_TIMEOUT", "soon"},
        {"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"}, {"OTEL_EXPORTER_OTLP_HEADERS", "secret"},
        {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0"},    {"OTEL_PROPAGATORS", "b3"},
        {"OTEL_RESOURCE_ATTRIBUTES", "a"},          {"OTEL_SDK_DISABLED", "yes"}};
    for (const auto& each : wrong) {
        const otlp_settings all = read({each});
        CAPTURE(each.first);
        REQUIRE_FALSE(all.complaints.empty());
        CHECK(all.complaints.front().starts_with(each.first + ": expected "));
        CHECK(all.complaints.front().find("secret") == std::string::npos);
        CHECK(all.traces.timeout == 10s);
        CHECK(all.spans.items_max == 512);
        CHECK(all.tracing.which == sampler{});
    }
}

TEST_CASE("lines of the log and metrics have variables of their own")
{
    const otlp_settings usual = read({});
    CHECK(usual.lines.delay == 1s);
    CHECK(usual.lines.items_max == 512);
    CHECK(usual.readings.interval == 60s);
    CHECK(usual.readings.timeout == 30s);
    const otlp_settings all = read({{"OTEL_BLRP_SCHEDULE_DELAY", "7"},
                                    {"OTEL_BLRP_EXPORT_TIMEOUT", "8"},
                                    {"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "9"},
                                    {"OTEL_METRIC_EXPORT_INTERVAL", "10"},
                                    {"OTEL_METRIC_EXPORT_TIMEOUT", "11"}});
    CHECK(all.lines.delay == 7ms);
    CHECK(all.lines.timeout == 8ms);
    CHECK(all.lines.items_max == 9);
    CHECK(all.spans.items_max == 512);
    CHECK(all.readings.interval == 10ms);
    CHECK(all.readings.timeout == 11ms);
}

TEST_CASE("it is said what goes whither, without what is secret in an address")
{
    CHECK(destinations(read({})).empty());
    CHECK_FALSE(read({}).any());
    const otlp_settings all =
        read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://me:secret@collector:4318/x"},
              {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs/here?key=secret"},
              {"OTEL_METRICS_EXPORTER", "none"}});
    CHECK(all.any());
    CHECK(destinations(all) ==
          "spans to https://collector:4318/x/v1/traces, logs to http://logs/here");
}

TEST_CASE("what an app's settings say comes before what the process says")
{
    const std::map<std::string, std::string> first{{"HOME", "mine"}};
    const environment_reader variable = variables_of(first);
    CHECK(variable("HOME") == "mine");
    CHECK(variable("PATH") == variable_of_process("PATH"));
}
