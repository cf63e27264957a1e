#include <cohort/http/telemetry/request_metrics.hpp>

#include <cohort/base/decimal.hpp>
#include <cohort/base/random.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/request_serial.hpp>
#include <cohort/http/request_span.hpp>

#include <string_view>
#include <utility>

namespace cohort::http {

namespace {

constexpr std::size_t places_at_first = 64;

/// OpenTelemetry's words, "HTTP metrics": a status from 500 on is an error of the server, and named
/// as such.
std::string_view error_of(const ended_request& what, const decimal& status) noexcept
{
    if (what.how == access_end::cut)
        return "cut";
    return what.status >= 500 ? status.view() : std::string_view{};
}

/// The trace that a request is part of, if it was recorded.
const observe::trace_context* recorded_trace(const request& of) noexcept
{
    if (!request_serial::wanted())  // nobody has tracing()
        return nullptr;
    const traced* const mine = of.attached<traced>();
    if (mine == nullptr || !mine->span.context().sampled())
        return nullptr;
    return &mine->span.context();
}

}  // namespace

request_metrics::request_metrics(std::size_t series_max)
    : durations_{metrics::histogram(
          "http_server_request_duration_seconds",
          "How long requests took; streamed answers until their head was ready",
          {"http_request_method", "http_route", "http_response_status_code", "error_type"},
          {.exemplars = true, .series_max = series_max})},
      stream_durations_{metrics::histogram("cohort_http_stream_duration_seconds",
                                           "How long streamed answers went on, from their head on",
                                           {"http_route"}, {.series_max = series_max})},
      request_bodies_{metrics::size_histogram("http_server_request_body_size_bytes",
                                              "Size of the bodies of requests")},
      answer_bodies_{metrics::size_histogram("http_server_response_body_size_bytes",
                                             "Size of the bodies of answers, as they were made")},
      known_(places_at_first)
{}

void request_metrics::ended(const request& of, const ended_request& what) noexcept
{
    nanoseconds took{0};
    if (what.times.streams == steady_time{}) [[likely]] {
        took = now() - what.times.began;
    } else {
        --streams_;
        took = what.times.streams - what.times.began;
        stream_durations_.with(of.pattern()).record(now() - what.times.streams);
    }
    metrics::histogram_series& into = series_of(of, what);
    if (const observe::trace_context* const at = recorded_trace(of)) [[unlikely]]
        into.record(took, metrics::trace_id{at->trace.high, at->trace.low});
    else
        into.record(took);
    request_bodies_.record(what.request_bytes);
    answer_bodies_.record(what.answer_bytes);
}

metrics::histogram_series& request_metrics::series_of(const request& of, const ended_request& what)
{
    const bool cut = what.how == access_end::cut;
    const kind wanted{.to = of.route(),
                      .rest = std::uint32_t{what.status} << 8 |
                              std::uint32_t{std::to_underlying(of.method())} << 1 |
                              (cut ? 1U : 0U)};
    if (known& found = place_of(wanted); found.took != nullptr) [[likely]]
        return *found.took;
    const decimal status{what.status};
    const bool is_known = of.method() != method::other;
    metrics::histogram_series& made = durations_.with(
        is_known ? text(of.method()) : std::string_view{"_OTHER"}, of.pattern(),
        what.status != 0 ? status.view() : std::string_view{}, error_of(what, status));
    if (2 * ++known_count_ > known_.size())
        grow();
    place_of(wanted) = {.what = wanted, .took = &made};
    return made;
}

request_metrics::known& request_metrics::place_of(const kind& what) noexcept
{
    const std::size_t last = known_.size() - 1;
    std::size_t at = mix(reinterpret_cast<std::uintptr_t>(what.to) + what.rest) & last;
    while (known_[at].took != nullptr && known_[at].what != what)
        at = (at + 1) & last;
    return known_[at];
}

void request_metrics::grow()
{
    std::vector<known> before(known_.size() * 2);
    before.swap(known_);
    for (const known& each : before) {
        if (each.took != nullptr)
            place_of(each.what) = each;
    }
}

}  // namespace cohort::http
