// The snippets of docs/manual/metrics.md, so that they compile.

#include <cohort/observe/exposition.hpp>
#include <cohort/observe/metric_reading.hpp>
#include <cohort/observe/metrics.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace std::chrono_literals;
namespace metrics = cohort::metrics;

namespace {

void work() {}

}  // namespace

TEST_CASE("the metrics of the manual can be declared, counted and read")
{
    auto& paid = metrics::counter("payments_total", "Payments made", {"currency"});
    paid.with("EUR").add();

    auto& euros = paid.with("EUR");
    euros.add(2);

    auto& busy = metrics::time_counter("import_busy_seconds_total", "Time spent on imports");
    busy.add(250ms);

    auto& waiting = metrics::gauge("jobs_waiting", "Jobs that wait in memory");
    waiting.set(12);
    waiting.subtract();

    auto& oldest = metrics::gauge("oldest_job_seconds", "Age of the oldest job",
                                  {.over = metrics::across::most});
    oldest.set(3.5);

    auto& took = metrics::histogram("job_duration_seconds", "How long a job takes", {"queue"},
                                    {.exemplars = true});
    took.with("mail").record(12ms);
    took.with("mail").record(12ms, metrics::trace_id{0x0af7651916cd43dd, 0x8448eb211c80319c});
    {
        const auto timing = took.with("mail").time();
        work();
    }

    auto& sizes = metrics::size_histogram("upload_bytes", "Size of an upload");
    sizes.record(1'234'567);

    auto reader = cohort::observe::metric_reader::of(cohort::board::commons::here());
    std::string page;
    if (reader)
        page = cohort::observe::expose(reader->read(), cohort::observe::exposition_format::text);

    CHECK(page.contains("payments_total{currency=\"EUR\"} 3"));
    CHECK(euros.value() == 3);

    const auto seen = reader->read();
    std::optional<double> p99;
    for (const auto& family : seen.families) {
        if (family.what->name == "upload_bytes")
            p99 = family.parts[0].series[0].histogram.quantile(0.99, family.bounds);
    }
    REQUIRE(p99);
    CHECK(*p99 == doctest::Approx(1'234'567).epsilon(0.0625));
}
