// What a worker uses is what its metrics say: processor, memory, descriptors, connections, requests
// under way, lanes, and how late its loop is.

#include "api_server.hpp"
#include "metrics_page.hpp"

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::testing;

namespace {

template <class Says>
bool comes_to(api_server& app, Says says)
{
    return door_comes_to(app.program(), "api", says);
}

/// Of the worker in that slot.
double of_slot(const metrics_page& page, std::string_view name, std::int64_t slot = 0)
{
    return page.sum(fmt::format("cohort_worker_{}{{slot=\"{}\"}}", name, slot));
}

/// A page on which the only worker has all that it ever shows.
metrics_page first_page(api_server& app)
{
    metrics_page seen{""};
    REQUIRE(comes_to(app, [&](const metrics_page& now) {
        seen = now;
        return of_slot(now, "memory_share_bytes") > 0;
    }));
    return seen;
}

/// Whoever waits in any of the workers is let go.
void release_all(api_server& app, std::size_t workers)
{
    std::set<std::int64_t> seen;
    REQUIRE(eventually([&] {
        client over{app.port()};
        seen.insert(read_seen(over.body_of("/release")).slot);
        return seen.size() == workers;
    }));
}

}  // namespace

TEST_CASE(
    "a loop that is blocked: its lag, the time it was busy, and the processor's time are seen")
{
    api_server app{{.workers = 1}};
    const metrics_page before = first_page(app);
    constexpr int times = 12;  // a hundredth of what is kept of a minute, and more
    client over{app.port()};
    for (int i = 0; i < times; ++i)
        CHECK(read_seen(over.body_of("/block/300")).slot == 0);
    constexpr double blocked = times * 0.3;
    // It looks ten times a second, so it had planned to do so 0.2 s before the end at the latest.
    CHECK(comes_to(app, [&](const metrics_page& now) {
        return of_slot(now, "loop_lag_p99_seconds") >= 0.19 &&
               of_slot(now, "loop_lag_p50_seconds") <= of_slot(now, "loop_lag_p99_seconds") &&
               now.sum("cohort_loop_lag_seconds_sum") >=
                   before.sum("cohort_loop_lag_seconds_sum") + times * 0.19 &&
               now.sum("cohort_loop_busy_seconds_total") >=
                   before.sum("cohort_loop_busy_seconds_total") + blocked * 0.99;
    }));
    for (const std::string_view name :
         {"process_cpu_seconds_total", "process_cpu_user_seconds_total"})
    {
        CAPTURE(name);
        // Clocks of threads and of processes are not read at the same moments.
        CHECK(comes_to(app, [&](const metrics_page& now) {
            return now.sum(name) >= before.sum(name) + blocked * 0.9;
        }));
    }
}

TEST_CASE("a lane that computes: its worker has the processor, one lane is busy, one request runs")
{
    api_server app{{.workers = 1}};
    CHECK(of_slot(first_page(app), "lanes_busy") == 0);
    std::deque<client> askers;
    constexpr int more = 2;  // than there are lanes
    const auto lanes = static_cast<int>(of_slot(first_page(app), "lanes"));
    REQUIRE(lanes > 0);
    ask_for(askers.emplace_back(app.port()), "/burn");
    CHECK(comes_to(app, [&](const metrics_page& now) {
        return of_slot(now, "lanes_busy") == 1 && of_slot(now, "lanes_queued") == 0 &&
               of_slot(now, "cpu_ratio") > 0.05 && of_slot(now, "requests_running") == 1 &&
               now.sum("http_server_active_requests") == 1;
    }));
    for (int i = 1; i < lanes + more; ++i)
        ask_for(askers.emplace_back(app.port()), "/occupy");
    CHECK(comes_to(app, [&](const metrics_page& now) {
        return of_slot(now, "lanes_busy") == lanes && of_slot(now, "lanes_queued") == more &&
               of_slot(now, "requests_running") == lanes + more;
    }));
    release_all(app, 1);
    for (client& each : askers)
        CHECK(read_seen(read_answer(each)).slot == 0);
    CHECK(comes_to(app, [&](const metrics_page& now) {
        return of_slot(now, "lanes_busy") == 0 && of_slot(now, "lanes_queued") == 0 &&
               of_slot(now, "requests_running") == 0 && now.sum("http_server_active_requests") == 0;
    }));
}

TEST_CASE("requests that are held open are seen as many as they are, in the slots that have them")
{
    constexpr std::size_t workers = 2;
    constexpr int held = 9;
    api_server app{{.workers = workers, .balance = "round_robin"}};
    std::deque<client> askers;
    for (int i = 0; i < held; ++i)
        ask_for(askers.emplace_back(app.port()), "/wait");
    metrics_page seen{""};
    CHECK(comes_to(app, [&](const metrics_page& now) {
        seen = now;
        return now.sum("cohort_worker_requests_running{") == held &&
               now.sum("http_server_active_requests") == held;
    }));
    release_all(app, workers);
    std::map<std::int64_t, double> by_slot{{0, 0}, {1, 0}};
    for (client& each : askers)
        ++by_slot[read_seen(read_answer(each)).slot];
    for (const auto& [slot, requests] : by_slot) {
        CAPTURE(slot);
        CHECK(requests > 0);
        CHECK(of_slot(seen, "requests_running", slot) == requests);
    }
    CHECK(comes_to(app, [](const metrics_page& now) {
        return now.sum("cohort_worker_requests_running{") == 0 &&
               now.sum("http_server_active_requests") == 0;
    }));
}

TEST_CASE("open connections and descriptors are counted, and come down when clients go")
{
    constexpr int guests = 40;
    api_server app{{.workers = 1}};
    const metrics_page before = first_page(app);
    const pid_t worker = app.workers().front();
    const auto is_right = [&](int connections) {
        return comes_to(app, [&](const metrics_page& now) {
            return of_slot(now, "connections") == connections &&
                   now.sum("cohort_http_connections_open") == connections &&
                   of_slot(now, "open_fds") == static_cast<double>(descriptors_of(worker));
        });
    };
    CHECK(is_right(0));
    std::deque<client> come;
    for (int i = 0; i < guests; ++i)
        who_is(come.emplace_back(app.port()));
    CHECK(is_right(guests));
    CHECK(comes_to(app, [&](const metrics_page& now) {
        return of_slot(now, "open_fds") >= of_slot(before, "open_fds") + guests &&
               now.sum("process_open_fds") >= before.sum("process_open_fds") + guests &&
               now.sum("cohort_http_connections_total") ==
                   before.sum("cohort_http_connections_total") + guests;
    }));
    come.clear();
    CHECK(is_right(0));
}

TEST_CASE("memory that a worker takes is seen in its own series, and in that of all processes")
{
    constexpr double mib = 1'048'576;
    api_server app{{.workers = 1}};
    const metrics_page before = first_page(app);
    CHECK(of_slot(before, "resident_memory_bytes") > mib);
    client over{app.port()};
    CHECK(read_seen(over.body_of("/grow/64")).slot == 0);
    CHECK(comes_to(app, [&](const metrics_page& now) {
        const auto grew = [&](std::string_view name) {
            return now.sum(name) >= before.sum(name) + 60 * mib;
        };
        return grew("cohort_worker_resident_memory_bytes{slot=\"0\"}") &&
               grew("cohort_worker_memory_share_bytes{slot=\"0\"}") &&
               grew("process_resident_memory_bytes");
    }));
}
