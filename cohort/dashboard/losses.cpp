#include <cohort/dashboard/losses.hpp>

#include <algorithm>
#include <string>

namespace cohort::dashboard {

namespace {

using enum loss_kind;

constexpr auto rules = std::to_array<loss_rule>({
    {dropped, "log_lines", "Lines of the log that nobody took in time.",
     "cohort_log_lines_dropped_total"},
    {dropped, "log_lines_cut", "Lines that were too long, and are there in part.",
     "cohort_log_lines_truncated_total"},
    {dropped,
     "spans",
     "Spans that found no room, or were overwritten before they were sent.",
     "cohort_trace_spans_total",
     "outcome",
     {"too_large", "refused"}},
    {dropped,
     "unsent_spans",
     "Spans that collectors did not take.",
     "otel_sdk_exporter_span_exported_total",
     "error_type",
     {"rejected", "refused", "given_up"}},
    {dropped,
     "unsent_logs",
     "Lines of the log that collectors did not take.",
     "otel_sdk_exporter_log_exported_total",
     "error_type",
     {"rejected", "refused", "given_up"}},
    {dropped,
     "unqueued_logs",
     "Lines that found no room on their way to collectors.",
     "otel_sdk_processor_log_processed_total",
     "error_type",
     {"queue_full", "refused"}},
    {dropped,
     "unsent_metrics",
     "Data points of metrics that collectors did not take.",
     "otel_sdk_exporter_metric_data_point_exported_total",
     "error_type",
     {"rejected", "refused", "given_up"}},
    {dropped, "metric_series", "Series of metrics that had no room.", ""},
    {dropped, "subscribers", "Subscribers of topics who missed messages.",
     "cohort_topic_subscribers_lost_total"},
    {dropped, "clock_steps", "Times that the machine's clock jumped: times may not fit together.",
     "cohort_clock_steps_total"},
    {refused,
     "rate_limited",
     "Requests beyond a rate limit.",
     "cohort_http_kit_refusals_total",
     "by",
     {"rate_limit"}},
    {refused,
     "at_once",
     "Requests of clients that had too many under way.",
     "cohort_http_kit_refusals_total",
     "by",
     {"concurrency_limit"}},
    {refused, "overload", "Requests refused since there was too much to do, or no room for them.",
     "cohort_http_shed_total"},
    {refused, "bodies", "Requests whose bodies had no room.", "cohort_http_bodies_refused_total"},
    {refused,
     "credentials",
     "Requests with wrong credentials.",
     "cohort_http_kit_refusals_total",
     "by",
     {"authentication"}},
    {refused,
     "cross_origin",
     "Requests that another site's page sent.",
     "cohort_http_kit_refusals_total",
     "by",
     {"csrf"}},
    {refused,
     "sessions",
     "Sessions that had no room.",
     "cohort_http_kit_refusals_total",
     "by",
     {"sessions"}},
    {refused, "by_server", "Requests, connections and handshakes that broke a rule of the server.",
     "cohort_http_refusals_total"},
    {refused, "floods", "Connections of HTTP/2 that were ended for what their clients did.",
     "cohort_http2_connections_ended_total"},
    {refused,
     "websockets",
     "Handshakes of WebSockets.",
     "cohort_websocket_handshakes_total",
     "outcome",
     {"refused"}},
    {refused, "killers", "Requests that were not run since they kill workers.",
     "cohort_http_requests_not_run_total"},
    {refused, "wrong_tokens", "Requests to this API with a wrong token, since its process began.",
     ""},
});

bool is_meant(const loss_rule& by, const std::string& value)
{
    // Rules with fewer values have empty ones, which are no values: of exporters that is success.
    return !value.empty() && std::ranges::find(by.values, value) != by.values.end();
}

std::uint64_t sum_of(const observe::family_reading& from, const loss_rule& by)
{
    std::uint64_t sum = 0;
    for (const auto& part : from.parts) {
        const auto at = std::ranges::find(part.what->labels, by.label);
        const auto place = static_cast<std::size_t>(at - part.what->labels.begin());
        for (const observe::series_reading& each : part.series) {
            if (by.label.empty() ||
                (place < each.values.size() && is_meant(by, each.values[place])))
                sum += each.count;
        }
    }
    return sum;
}

}  // namespace

std::span<const loss_rule> loss_rules() noexcept { return rules; }

void losses::take(const observe::metrics_reading& what)
{
    counts_.clear();
    for (const observe::family_reading& each : what.families) {
        if (each.what->type != observe::metric_type::counter)
            continue;
        for (const loss_rule& rule : rules) {
            if (rule.metric == each.what->name)
                counts_[rule.name] = sum_of(each, rule);
        }
    }
    std::uint64_t series = what.health.refused;
    for (const auto& [family, times] : what.health.overflows)
        series += times;
    counts_["metric_series"] = series;
}

void losses::add(std::string_view name, std::uint64_t count) { counts_[name] += count; }

std::uint64_t losses::of(std::string_view name) const
{
    const auto found = counts_.find(name);
    return found == counts_.end() ? 0 : found->second;
}

}  // namespace cohort::dashboard
