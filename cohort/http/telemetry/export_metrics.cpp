#include <cohort/http/telemetry/export_metrics.hpp>

namespace cohort::http {

namespace {

/// What the items of a signal are called in names and sentences.
struct signal_words {
    std::string_view signal;
    std::string_view exported;
    std::string_view exported_help;
    std::string_view processed;  // empty: they wait in no ring
    std::string_view processed_help;
};

constexpr signal_words words_of(telemetry_signal which) noexcept
{
    switch (which) {
        case telemetry_signal::traces:
            return {.signal = "traces",
                    .exported = "otel_sdk_exporter_span_exported_total",
                    .exported_help = "Spans that are over: sent, or lost for the reason",
                    .processed = "otel_sdk_processor_span_processed_total",
                    .processed_help = "Spans that came out of their queue, or were lost there"};
        case telemetry_signal::logs:
            return {.signal = "logs",
                    .exported = "otel_sdk_exporter_log_exported_total",
                    .exported_help = "Lines of the log that are over: sent, or lost for the reason",
                    .processed = "otel_sdk_processor_log_processed_total",
                    .processed_help =
                        "Lines of the log that came out of their queue, or were lost there"};
        case telemetry_signal::metrics:
            break;
    }
    return {.signal = "metrics",
            .exported = "otel_sdk_exporter_metric_data_point_exported_total",
            .exported_help = "Data points of metrics that are over: sent, or lost for the reason",
            .processed = {},
            .processed_help = {}};
}

metrics::counter_series& of_signal(std::string_view name, std::string_view help,
                                   telemetry_signal which)
{
    return metrics::counter(name, help, {"signal"}).with(words_of(which).signal);
}

}  // namespace

export_metrics::export_metrics(telemetry_signal which)
    : exported_{metrics::counter(words_of(which).exported, words_of(which).exported_help,
                                 {"error_type"})},
      delivered_{exported_.with(""), 0},
      rejected_{exported_.with("rejected"), 0},
      refused_{exported_.with("refused"), 0},
      given_up_{exported_.with("given_up"), 0},
      requests_{of_signal("cohort_telemetry_requests_total",
                          "Requests to collectors, retries included", which),
                0},
      retries_{of_signal("cohort_telemetry_retries_total",
                         "Requests to collectors that were sent again", which),
               0},
      bytes_{of_signal("cohort_telemetry_bytes_total", "Bytes that were sent to collectors", which),
             0}
{
    const signal_words words = words_of(which);
    if (words.processed.empty())
        return;
    auto& processed = metrics::counter(words.processed, words.processed_help, {"error_type"});
    // What was refused was so by other processes, and a predecessor has counted it.
    waited_.emplace(waited{.went = {processed.with(""), 0},
                           .overwritten = {processed.with("queue_full"), 0},
                           .refused = metrics::sampled_count{processed.with("refused")}});
}

void export_metrics::look(const otlp_counters& sent)
{
    delivered_.look(sent.delivered);
    rejected_.look(sent.rejected);
    refused_.look(sent.refused);
    given_up_.look(sent.given_up);
    requests_.look(sent.requests);
    retries_.look(sent.retries);
    bytes_.look(sent.bytes);
}

void export_metrics::look(const otlp_counters& sent, std::uint64_t overwritten,
                          std::uint64_t refused)
{
    look(sent);
    if (!waited_)
        return;
    waited_->went.look(sent.delivered + sent.rejected + sent.refused + sent.given_up);
    waited_->overwritten.look(overwritten);
    waited_->refused.look(refused);
}

}  // namespace cohort::http
