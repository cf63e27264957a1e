#pragma once
// Metrics as OTLP/HTTP JSON, made of the same readings as the page that Prometheus scrapes.
//
// Source: opentelemetry-proto, metrics.proto; "Metrics Data Model"; see also observe/otlp.hpp.

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/observe/metric_reading.hpp>
#include <cohort/observe/otlp.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cohort::observe {

/// When a reading was made. A value.
struct reading_time {
    std::uint64_t began_unix_ns;  ///< since when counters count
    std::uint64_t now_unix_ns;
};

/// A whole request, and how many data points there are in it. A value.
struct otlp_document {
    std::string text;
    std::size_t items = 0;
};

/// All of a reading, in as many requests as it takes so that none is larger than that, but for one
/// data point. None, if there is nothing to say.
///
/// Counters and histograms are cumulative. A metric that OpenTelemetry has a name for has that one
/// (http.server.request.duration), and so have its attributes; others keep theirs. Labels that are
/// empty are left out.
[[nodiscard]] std::vector<otlp_document> otlp_metrics(const otlp_resource& of,
                                                      const metrics_reading& what,
                                                      const reading_time& when,
                                                      std::size_t bytes_max);

/// Since when a cohort counts, in nanoseconds since 1970: when it was first asked for this, and
/// the same for whoever asks later. Errors: those of commons::area().
[[nodiscard]] result<std::uint64_t> counting_since(const board::commons& where);

}  // namespace cohort::observe
