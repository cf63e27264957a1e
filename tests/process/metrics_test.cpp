// What a cohort counts by itself: programs/metered.cpp, whose workers are killed and replaced.

#include "family.hpp"
#include "metered_server.hpp"

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::testing;

namespace {

/// Names and types in the tables of docs/manual/built-in-metrics.md.
std::map<std::string, std::string> documented()
{
    std::map<std::string, std::string> all;
    std::ifstream manual{COHORT_SOURCE_DIR "/docs/manual/built-in-metrics.md"};
    for (std::string line; std::getline(manual, line);) {
        if (!line.starts_with("| `"))
            continue;
        const std::size_t end = line.find("` | ", 3);
        const std::size_t type = end + 4;
        all[line.substr(3, end - 3)] = line.substr(type, line.find_first_of(" |", type) - type);
    }
    return all;
}

}  // namespace

TEST_CASE("as many requests are counted as were answered, whichever workers die and are replaced")
{
    metered app;
    app.greet(20);
    metrics_page before = app.read();
    CHECK(before.sum(greetings) == app.answered);
    for (int round = 0; round < 2; ++round) {
        for (const pid_t each : workers_below(app.program.pid())) {
            ::kill(each, SIGKILL);
            REQUIRE(eventually([&] { return !is_alive(each); }));
            app.greet(5);
            const metrics_page after = app.read();
            CHECK(after.sum(greetings) == app.answered);
            check_nothing_fell(before, after);
            before = after;
        }
    }
    CHECK(app.comes_to([](const metrics_page& now) {
        return now.sum("cohort_worker_ends_total{cause=\"outside\",signal=\"SIGKILL\"") == 4;
    }));
    app.program.signal(SIGHUP);
    static_cast<void>(app.program.wait_for("generation 2 serves"));
    app.greet(5);
    const metrics_page after = app.read();
    CHECK(after.sum(greetings) == app.answered);
    check_nothing_fell(before, after);
    CHECK(app.comes_to([](const metrics_page& now) {
        return now.sum("cohort_reloads_total{outcome=\"replaced\"}") == 1 &&
               now.sum("cohort_generation") == 2 &&
               now.sum("cohort_worker_ends_total{cause=\"left\"") >= 2;
    }));
}

TEST_CASE("what lanes count is there to the last one when their worker is killed, and only once")
{
    metered app;
    constexpr int lanes = 3;  // of four in each worker
    constexpr int kills = 3;
    const auto tally = [&] {
        client over{app.port};
        return metrics_page{over.body_of("/tally")};
    };
    // What was counted lies between what was done before and what was begun after.
    double seen = 0;
    const auto look = [&] {
        const double done = tally().values["done"];
        const metrics_page now = app.read();
        const double begun = tally().values["begun"];
        const double counted = now.sum("metered_counted_total");
        for (const double each : {counted, now.sum("metered_took_seconds_count"),
                                  now.sum("metered_took_seconds_bucket{le=\"0.005\"}")})
        {
            CHECK(each >= done);
            CHECK(each <= begun);
        }
        CHECK(counted >= seen);
        seen = counted;
    };
    for (int i = 0; i < kills; ++i) {
        const auto workers = workers_below(app.program.pid());
        REQUIRE(workers.size() == metered::workers_wanted);
        std::vector<client> askers;  // never answered
        for (int k = 0; k < lanes; ++k) {
            askers.emplace_back(app.port);
            askers.back().send("POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        }
        const double before = seen;
        REQUIRE(eventually([&] {
            look();
            return seen > before + 1'000;
        }));
        // Both of them: whichever has the lanes that count.
        for (const pid_t each : workers)
            ::kill(each, SIGKILL);
        for (const pid_t each : workers)
            REQUIRE(eventually([&] { return !is_alive(each); }));
        REQUIRE(eventually(
            [&] { return workers_below(app.program.pid()).size() == metered::workers_wanted; }));
        look();
    }
    // Nobody counts any more: each lane that was killed has missed one at most.
    const metrics_page last = tally();
    CHECK(last.sum("begun") - last.sum("done") <= kills * lanes);
    look();
    CHECK(seen >= last.sum("done"));
}

TEST_CASE("a cohort says how it fares, and each worker in a series of its own")
{
    metered app;
    app.greet(3);
    CHECK(app.comes_to([](const metrics_page& now) {
        return now.sum("cohort_workers_ready") == 2 && now.sum("cohort_workers_wanted") == 2 &&
               now.sum("cohort_workers{stage=\"serving\"}") == 2 &&
               now.has("cohort_worker_loop_utilization_ratio{slot=\"0\"}") &&
               now.has("cohort_worker_loop_utilization_ratio{slot=\"1\"}") &&
               now.sum("cohort_worker_loop_utilization_ratio{slot=\"0\"}") <= 1 &&
               now.has("cohort_worker_memory_share_bytes{slot=\"0\"}") &&
               now.sum("cohort_loop_lag_seconds_count") > 0 &&
               now.sum("process_cpu_seconds_total") > 0 &&
               now.sum("process_resident_memory_bytes") > 1'000'000 &&
               now.sum("cohort_http_connections_total") >= 3 &&
               now.sum("cohort_worker_boot_duration_seconds_count") >= 2 &&
               now.has("cohort_accept_queue_connections{endpoint=\"tcp://127.0.0.1:") &&
               now.sum("cohort_build_info") == 1;
    }));
}

TEST_CASE("the manual has each metric that a cohort shows by itself, and shows each that it has")
{
    metered app;
    app.greet(1);
    const auto known = documented();
    CHECK(known.size() > 60);
    metrics_page seen{""};
    CHECK(app.comes_to([&](const metrics_page& now) {
        seen = now;
        return now.has("cohort_worker_memory_share_bytes");
    }));
    for (const auto& [name, type] : seen.types) {
        CAPTURE(name);
        const bool is_ours = !name.starts_with("cohort_metrics_");  // docs/manual/metrics.md
        CHECK(known.contains(name) == is_ours);
        if (known.contains(name))
            CHECK(known.at(name) == type);
    }
    // Series of these come when there is something to count, or somewhere to send it.
    const std::set<std::string> later{"otel_sdk_exporter_span_exported_total",
                                      "otel_sdk_exporter_log_exported_total",
                                      "otel_sdk_exporter_metric_data_point_exported_total",
                                      "otel_sdk_processor_span_processed_total",
                                      "otel_sdk_processor_log_processed_total",
                                      "cohort_telemetry_requests_total",
                                      "cohort_telemetry_retries_total",
                                      "cohort_telemetry_bytes_total",
                                      "cohort_connections_adopted_total",
                                      "cohort_http_refusals_total",
                                      "cohort_http_requests_not_run_total",
                                      "cohort_http_stream_duration_seconds",
                                      "cohort_tls_certificate_not_after_seconds",
                                      "cohort_proxy_connections_total"};
    for (const auto& [name, type] : known) {
        CAPTURE(name);
        CHECK((seen.types.contains(name) || later.contains(name)));
    }
}

TEST_CASE("who does not want it has only what the primary knows")
{
    metered app{"unmetered"};
    app.greet(3);
    CHECK(
        app.comes_to([](const metrics_page& now) { return now.sum("cohort_workers_ready") == 2; }));
    CHECK_FALSE(app.read().types.contains("http_server_request_duration_seconds"));
}
