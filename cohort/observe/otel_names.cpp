#include <cohort/observe/otel_names.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace cohort::observe {

namespace {

constexpr auto metrics = std::to_array<std::pair<std::string_view, otel_metric>>({
    {"http_server_request_duration_seconds", {.name = "http.server.request.duration", .unit = "s"}},
    {"http_server_request_body_size_bytes",
     {.name = "http.server.request.body.size", .unit = "By"}},
    {"http_server_response_body_size_bytes",
     {.name = "http.server.response.body.size", .unit = "By"}},
    {"http_server_active_requests",
     {.name = "http.server.active_requests", .unit = "{request}", .adds_up = true}},
    {"process_resident_memory_bytes",
     {.name = "process.memory.usage", .unit = "By", .adds_up = true}},
    {"process_virtual_memory_bytes",
     {.name = "process.memory.virtual", .unit = "By", .adds_up = true}},
    {"process_open_fds",
     {.name = "process.unix.file_descriptor.count", .unit = "{file_descriptor}", .adds_up = true}},
    {"otel_sdk_exporter_span_exported_total",
     {.name = "otel.sdk.exporter.span.exported", .unit = "{span}"}},
    {"otel_sdk_exporter_log_exported_total",
     {.name = "otel.sdk.exporter.log.exported", .unit = "{log_record}"}},
    {"otel_sdk_exporter_metric_data_point_exported_total",
     {.name = "otel.sdk.exporter.metric_data_point.exported", .unit = "{data_point}"}},
    {"otel_sdk_processor_span_processed_total",
     {.name = "otel.sdk.processor.span.processed", .unit = "{span}"}},
    {"otel_sdk_processor_log_processed_total",
     {.name = "otel.sdk.processor.log.processed", .unit = "{log_record}"}},
});

constexpr auto attributes = std::to_array<std::pair<std::string_view, otel_attribute>>({
    {"http_request_method", {.name = "http.request.method"}},
    {"http_route", {.name = "http.route"}},
    {"http_response_status_code",
     {.name = "http.response.status_code", .type = otel_type::integer}},
    {"error_type", {.name = "error.type"}},
    {"slot", {.name = "cohort.slot", .type = otel_type::integer}},
});

}  // namespace

otel_metric otel_metric_of(std::string_view prometheus_name) noexcept
{
    const auto* const found =
        std::ranges::find(metrics, prometheus_name, &decltype(metrics)::value_type::first);
    return found == metrics.end() ? otel_metric{.name = prometheus_name} : found->second;
}

otel_attribute otel_attribute_of(std::string_view label) noexcept
{
    const auto* const found =
        std::ranges::find(attributes, label, &decltype(attributes)::value_type::first);
    return found == attributes.end() ? otel_attribute{.name = label} : found->second;
}

}  // namespace cohort::observe
