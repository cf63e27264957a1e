#include <cohort/dashboard/metric_figures.hpp>

#include <cohort/board/segment.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/observe/metrics.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

using namespace cohort;
using namespace cohort::dashboard;
using namespace std::chrono_literals;

namespace {

struct own_board {
    result<board::segment> board = board::segment::create(4);
    own_board()
    {
        board::move_in(board->row(2), {.tenant = board::tenant_of(1, ::getpid()), .worker_id = 1});
        metrics::settle(board->commons(), 2);
    }
    ~own_board() { metrics::born(); }
};

}  // namespace

TEST_CASE("routes are those that were asked for lately, by the time spent on them")
{
    const own_board own;
    auto& took =
        metrics::histogram("http_server_request_duration_seconds", "Requests",
                           {"http_request_method", "http_route", "http_response_status_code"});
    auto& busy = metrics::gauge("cohort_worker_loop_utilization_ratio", "Busy",
                                {.over = metrics::across::each});
    auto reader = observe::metric_reader::of(own.board->commons()).value();
    metric_figures seen;
    took.with("GET", "/old", 200).record(1s);
    seen.take(reader.read(), steady_time{10s});
    CHECK(seen.routes().empty());
    CHECK_FALSE(seen.of(2).utilisation);
    for (int i = 0; i < 20; ++i)
        took.with("GET", "/fast", 200).record(1ms);
    for (int i = 0; i < 8; ++i)
        took.with("POST", "/slow", 201).record(20ms);
    took.with("POST", "/slow", 503).record(20ms);
    took.with("POST", "/slow", 404).record(0ms);
    busy.set(0.75);
    auto& spans = metrics::counter("cohort_trace_spans_total", "Spans", {"outcome"});
    spans.with("sampled").add(100);
    spans.with("refused").add(3);
    auto& kit = metrics::counter("cohort_http_kit_refusals_total", "Refusals", {"by"});
    kit.with("rate_limit").add(2);
    kit.with("csrf").add(1);
    auto& queued =
        metrics::counter("otel_sdk_processor_log_processed_total", "Lines", {"error_type"});
    queued.with("").add(50);
    queued.with("queue_full").add(4);
    seen.take(reader.read(), steady_time{12s});
    const auto routes = seen.routes();
    REQUIRE(routes.size() == 2);
    CHECK(routes[0].route == "/slow");
    CHECK(routes[0].method == "POST");
    CHECK(routes[0].requests_per_s == 5);
    CHECK(routes[0].errors_per_s == 0.5);
    CHECK(routes[0].time_share == doctest::Approx(0.9));
    CHECK(routes[0].p99_ms.value() == doctest::Approx(20).epsilon(0.1));
    CHECK(routes[1].requests_per_s == 10);
    CHECK(routes[1].p50_ms.value() == doctest::Approx(1).epsilon(0.1));
    CHECK(seen.of(2).utilisation == 0.75);
    CHECK_FALSE(seen.of(2).lag_p99_ms);
    CHECK(seen.lost().of("spans") == 3);
    CHECK(seen.lost().of("metric_series") == 0);
    CHECK(seen.lost().of("log_lines") == 0);
    CHECK(seen.lost().of("rate_limited") == 2);
    CHECK(seen.lost().of("credentials") == 0);
    CHECK(seen.lost().of("unqueued_logs") == 4);
    CHECK(seen.lost().of("unsent_logs") == 0);
}
