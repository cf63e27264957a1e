#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/observe/otlp.hpp>
#include <cohort/observe/tracer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::observe {

/// The value of a variable, or nothing if it is not set.
using environment_reader = std::function<std::optional<std::string_view>(const char* name)>;

/// That of this process. Loop: any, while nobody calls setenv(3).
[[nodiscard]] std::optional<std::string_view> variable_of_process(const char* name);

/// What `first` says, and where that is silent, this process. Lifetime: of `first`.
[[nodiscard]] environment_reader variables_of(const std::map<std::string, std::string>& first);

enum class otlp_compression : std::uint8_t { none, gzip };

/// Where one kind of data goes. A value.
struct otlp_target {
    bool wanted = false;
    std::string address;  ///< "http://localhost:4318/v1/traces"
    std::vector<std::pair<std::string, std::string>> headers = {};
    milliseconds timeout = seconds{10};  ///< Of one attempt.
    otlp_compression compression = otlp_compression::gzip;
};

/// How spans or lines of the log are gathered. A value.
struct otlp_batching {
    milliseconds delay;                  ///< The longest that one waits for others.
    milliseconds timeout = seconds{30};  ///< Of one batch, with all attempts.
    std::size_t items_max = 512;         ///< In one request.
};

/// How often metrics are sent. A value.
struct otlp_rhythm {
    milliseconds interval = seconds{60};
    milliseconds timeout = seconds{30};  ///< Of all that is sent at one time, with all attempts.
};

/// What OpenTelemetry's environment variables say. A value.
struct otlp_settings {
    otlp_resource resource;
    otlp_target traces;
    otlp_target metrics;
    otlp_target logs;
    otlp_batching spans{.delay = seconds{5}};
    otlp_batching lines{.delay = seconds{1}};
    otlp_rhythm readings;
    trace_options tracing;  ///< `recorded` only if traces are wanted.

    /// Values that make no sense, in sentences. They count as not set.
    std::vector<std::string> complaints;

    /// Something is to be sent.
    [[nodiscard]] bool any() const noexcept
    {
        return traces.wanted || metrics.wanted || logs.wanted;
    }
};

/// An address as people may see it: without user, password and query.
[[nodiscard]] std::string shown_address(std::string_view address);

/// What is sent whither, in a sentence for people, without what may be secret in addresses. Empty:
/// nothing is.
[[nodiscard]] std::string destinations(const otlp_settings& of);

/// Who we are where the environment does not say. A value.
struct otlp_identity {
    std::string service = "unknown_service:cohort";
    std::string version = {};   ///< Of the service; empty: not known.
    std::string instance = {};  ///< service.instance.id: which of several; empty: not known.
};

/// Heeded: OTEL_SDK_DISABLED, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
/// OTEL_{TRACES,METRICS,LOGS}_EXPORTER (otlp, none), OTEL_EXPORTER_OTLP_{ENDPOINT,HEADERS,TIMEOUT,
/// COMPRESSION,PROTOCOL} and the forms of them for one signal, OTEL_{BSP,BLRP}_{SCHEDULE_DELAY,
/// EXPORT_TIMEOUT,MAX_EXPORT_BATCH_SIZE}, OTEL_METRIC_EXPORT_{INTERVAL,TIMEOUT},
/// OTEL_TRACES_SAMPLER(_ARG), OTEL_PROPAGATORS, OTEL_SPAN_{ATTRIBUTE,EVENT}_COUNT_LIMIT,
/// OTEL_(SPAN_)ATTRIBUTE_VALUE_LENGTH_LIMIT. Empty counts as not set.
///
/// Without an exporter and without an endpoint nothing is sent: a service that nobody has told of a
/// collector does not look for one.
[[nodiscard]] otlp_settings otlp_settings_from(const environment_reader& variable,
                                               const otlp_identity& us = {});

}  // namespace cohort::observe
