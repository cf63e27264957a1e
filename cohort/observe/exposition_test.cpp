#include <cohort/observe/exposition.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/board/slot.hpp>
#include <cohort/observe/metrics.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <chrono>
#include <limits>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::observe;
using namespace std::chrono_literals;

namespace {

/// The part of a page that is about names with that beginning.
std::string lines_of(const std::string& page, std::string_view prefix)
{
    std::string found;
    for (std::size_t at = 0; at < page.size();) {
        const std::size_t end = page.find('\n', at);
        const std::string_view line{page.data() + at, end - at};
        const std::string_view name =
            line.starts_with("# ") && line.size() > 7 ? line.substr(7) : line;
        if (name.starts_with(prefix))
            found.append(line).append("\n");
        at = end + 1;
    }
    return found;
}

struct pages {
    std::string text;
    std::string open;
};

pages read_pages(const board::segment& from, std::string_view prefix)
{
    auto reader = metric_reader::of(from.commons()).value();
    const auto seen = reader.read();
    return {lines_of(expose(seen, exposition_format::text), prefix),
            lines_of(expose(seen, exposition_format::openmetrics), prefix)};
}

struct own_board {
    result<board::segment> board = board::segment::create(2);
    own_board()
    {
        board::move_in(board->row(1), {.tenant = board::tenant_of(1, ::getpid()), .worker_id = 1});
        metrics::settle(board->commons(), 1);
    }
    ~own_board() { metrics::born(); }
};

}  // namespace

TEST_CASE("a counter is shown in both formats, whatever its labels say")
{
    const own_board own;
    auto& paid = metrics::counter("shown_paid_total", "Paid \"now\"\nor \\later", {"a", "b"});
    paid.with("x", "quote \" back \\ line\n").add(3);
    metrics::time_counter("shown_busy_seconds_total", "Time").add(1'250'000'001ns);
    CHECK(read_pages(*own.board, "shown_paid").text ==
          "# HELP shown_paid_total Paid \"now\"\\nor \\\\later\n"
          "# TYPE shown_paid_total counter\n"
          "shown_paid_total{a=\"x\",b=\"quote \\\" back \\\\ line\\n\"} 3\n");
    CHECK(read_pages(*own.board, "shown_paid").open ==
          "# HELP shown_paid Paid \\\"now\\\"\\nor \\\\later\n"
          "# TYPE shown_paid counter\n"
          "shown_paid_total{a=\"x\",b=\"quote \\\" back \\\\ line\\n\"} 3\n");
    CHECK(read_pages(*own.board, "shown_busy").open == "# HELP shown_busy_seconds Time\n"
                                                       "# TYPE shown_busy_seconds counter\n"
                                                       "# UNIT shown_busy_seconds seconds\n"
                                                       "shown_busy_seconds_total 1.250000001\n");
}

TEST_CASE("gauges are shown, of each worker where that is asked for")
{
    const own_board own;
    metrics::gauge("shown_length", "Length").set(2.5);
    metrics::gauge("shown_limit", "Limit").set(std::numeric_limits<double>::infinity());
    metrics::gauge("shown_each", "Each", {"of"}, {.over = metrics::across::each}).with("x").set(1);
    CHECK(read_pages(*own.board, "shown_l").text == "# HELP shown_length Length\n"
                                                    "# TYPE shown_length gauge\n"
                                                    "shown_length 2.5\n"
                                                    "# HELP shown_limit Limit\n"
                                                    "# TYPE shown_limit gauge\n"
                                                    "shown_limit +Inf\n");
    CHECK(read_pages(*own.board, "shown_each{").text == "shown_each{of=\"x\",slot=\"1\"} 1\n");
}

TEST_CASE("a histogram is shown by its classic buckets, with traces where they can be")
{
    const own_board own;
    auto& took = metrics::histogram("shown_took_seconds", "Time", {"route"},
                                    {.buckets = {0.5, 1, 2.5}, .exemplars = true});
    const double before = std::chrono::duration<double>(wall_now().time_since_epoch()).count();
    took.with("/").record(500ms);
    took.with("/").record(500'000'001ns, {0xabc, 0xdef});
    took.with("/").record(3s);
    CHECK(read_pages(*own.board, "shown_took").text ==
          "# HELP shown_took_seconds Time\n"
          "# TYPE shown_took_seconds histogram\n"
          "shown_took_seconds_bucket{route=\"/\",le=\"0.5\"} 1\n"
          "shown_took_seconds_bucket{route=\"/\",le=\"1\"} 2\n"
          "shown_took_seconds_bucket{route=\"/\",le=\"2.5\"} 2\n"
          "shown_took_seconds_bucket{route=\"/\",le=\"+Inf\"} 3\n"
          "shown_took_seconds_sum{route=\"/\"} 4.000000001\n"
          "shown_took_seconds_count{route=\"/\"} 3\n");
    const std::string open = read_pages(*own.board, "shown_took_seconds_b").open;
    const std::string_view begin = "shown_took_seconds_bucket{route=\"/\",le=\"0.5\"} 1\n"
                                   "shown_took_seconds_bucket{route=\"/\",le=\"1.0\"} 2 # "
                                   "{trace_id=\"0000000000000abc0000000000000def\"} 0.500000001 ";
    REQUIRE(open.starts_with(begin));
    // The time at which it was recorded, as OpenMetrics wants it.
    const double when = std::stod(open.substr(begin.size()));
    const double now = std::chrono::duration<double>(wall_now().time_since_epoch()).count();
    CHECK(when <= now);
    CHECK(when >= before - 60);  // far from any other clock's beginning
    CHECK(open.ends_with("\nshown_took_seconds_bucket{route=\"/\",le=\"2.5\"} 2\n"
                         "shown_took_seconds_bucket{route=\"/\",le=\"+Inf\"} 3\n"));
    auto& sizes = metrics::size_histogram("shown_bytes", "Size", {.buckets = {10, 20}});
    sizes.record(10);
    CHECK(read_pages(*own.board, "shown_bytes").open == "# HELP shown_bytes Size\n"
                                                        "# TYPE shown_bytes histogram\n"
                                                        "# UNIT shown_bytes bytes\n"
                                                        "shown_bytes_bucket{le=\"10.0\"} 1\n"
                                                        "shown_bytes_bucket{le=\"20.0\"} 1\n"
                                                        "shown_bytes_bucket{le=\"+Inf\"} 1\n"
                                                        "shown_bytes_sum 10\n"
                                                        "shown_bytes_count 1\n");
}

TEST_CASE("a page ends as its format wants it, and says how metrics fare")
{
    const own_board own;
    auto& full = metrics::counter("shown_full_total", "x", {"a"}, {.series_max = 1});
    static_cast<void>(full.with("x"));
    static_cast<void>(full.with("y"));
    const auto health = read_pages(*own.board, "cohort_metrics");
    CHECK(health.text.contains("cohort_metrics_overflows_total{metric=\"shown_full_total\"} 1\n"));
    CHECK(health.text.contains("cohort_metrics_refused_total 0\n"));
    auto reader = metric_reader::of(own.board->commons()).value();
    CHECK(expose(reader.read(), exposition_format::openmetrics).ends_with("\n# EOF\n"));
    CHECK_FALSE(expose(reader.read(), exposition_format::text).contains("# EOF"));
}

TEST_CASE("who reads OpenMetrics gets it, everybody else text")
{
    using enum exposition_format;
    CHECK(preferred_exposition("") == text);
    CHECK(preferred_exposition("*/*") == text);
    CHECK(preferred_exposition("text/html, */*;q=0.8") == text);
    // Debian's Prometheus 2.42.
    CHECK(preferred_exposition("application/openmetrics-text;version=1.0.0,"
                               "application/openmetrics-text;version=0.0.1;q=0.75,"
                               "text/plain;version=0.0.4;q=0.5,*/*;q=0.1") == openmetrics);
    CHECK(preferred_exposition("application/openmetrics-text") == openmetrics);
    CHECK(preferred_exposition("text/plain;q=0.9, application/openmetrics-text ; q=0.8") == text);
    CHECK(preferred_exposition("application/openmetrics-text;version=2.0.0") == text);
    CHECK(preferred_exposition("application/openmetrics-text;q=0") == text);
    CHECK(preferred_exposition("application/openmetrics-text;q=x,,;;=") == text);
    CHECK(content_type(text) == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(content_type(openmetrics) ==
          "application/openmetrics-text; version=1.0.0; charset=utf-8");
}
