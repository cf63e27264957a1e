// What is said of routes and of ends is how many there were: requests by route and status, deaths
// by their cause, requests that ran again, connections that went to another worker.

#include "api_server.hpp"
#include "metrics_page.hpp"
#include "operator_of.hpp"

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <deque>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::testing;
using control::exit_code;

namespace {

template <class Says>
bool comes_to(api_server& app, Says says)
{
    return door_comes_to(app.program(), "api", says);
}

std::string requests(std::string_view method, std::string_view route, int status,
                     std::string_view error = "")
{
    return fmt::format("{{http_request_method=\"{}\",http_route=\"{}\",http_response_status_code="
                       "\"{}\",error_type=\"{}\"}}",
                       method, route, status, error);
}

constexpr std::string_view durations = "http_server_request_duration_seconds";

std::string counted(const std::string& which)
{
    return fmt::format("{}_count{}", durations, which);
}

std::string ends(std::string_view cause, std::string_view signal, std::string_view code)
{
    return fmt::format("cohort_worker_ends_total{{cause=\"{}\",signal=\"{}\",code=\"{}\"}}", cause,
                       signal, code);
}

/// Without a body; the head of the answer.
std::string post(std::uint16_t port, std::string_view path)
{
    client over{port};
    over.send(fmt::format("POST {} HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n", path));
    return over.receive_until("\r\n\r\n");
}

}  // namespace

TEST_CASE("each route has as many requests as were sent to it, by status, and errors by their own")
{
    api_server app{{.workers = 2}};
    const auto ask = [&](int times, std::string_view path) {
        for (int i = 0; i < times; ++i) {
            client over{app.port()};
            CHECK(over.get(path).starts_with("HTTP/1.1 "));
        }
    };
    ask(7, "/who");
    ask(3, "/fail/500");
    ask(2, "/fail/503");
    ask(5, "/fail/404");
    ask(4, "/nowhere");
    for (int i = 0; i < 2; ++i)
        CHECK(post(app.port(), "/who").starts_with("HTTP/1.1 405 "));
    metrics_page seen{""};
    CHECK(comes_to(app, [&](const metrics_page& now) {
        seen = now;
        return now.sum(fmt::format("{}_count", durations)) == 23;
    }));
    CHECK(seen.sum(counted(requests("GET", "/who", 200))) == 7);
    CHECK(seen.sum(counted(requests("GET", "/fail/{status}", 500, "500"))) == 3);
    CHECK(seen.sum(counted(requests("GET", "/fail/{status}", 503, "503"))) == 2);
    CHECK(seen.sum(counted(requests("GET", "/fail/{status}", 404))) == 5);
    CHECK(seen.sum(counted(requests("GET", "", 404))) == 4);
    CHECK(seen.sum(counted(requests("POST", "/who", 405))) == 2);
    std::string last = requests("GET", "/who", 200);
    last.insert(last.size() - 1, ",le=\"+Inf\"");
    CHECK(seen.sum(fmt::format("{}_bucket{}", durations, last)) == 7);
    CHECK(seen.sum(fmt::format("{}_sum{}", durations, requests("GET", "/who", 200))) > 0);
}

TEST_CASE("how long requests take is in their histogram")
{
    api_server app{{.workers = 1}};
    client over{app.port()};
    for (int i = 0; i < 4; ++i)
        CHECK(read_seen(over.body_of("/block/60")).slot == 0);
    const std::string which = requests("GET", "/block/{ms}", 200);
    const auto up_to = [&](const metrics_page& now, std::string_view edge) {
        std::string with_edge = which;
        with_edge.insert(with_edge.size() - 1, fmt::format(",le=\"{}\"", edge));
        return now.sum(fmt::format("{}_bucket{}", durations, with_edge));
    };
    CHECK(comes_to(app, [&](const metrics_page& now) {
        return now.sum(counted(which)) == 4 && up_to(now, "0.05") == 0 && up_to(now, "+Inf") == 4 &&
               now.sum(fmt::format("{}_sum{}", durations, which)) >= 4 * 0.06;
    }));
}

TEST_CASE("a worker that is killed and one that exits are counted by cause, each once")
{
    api_server app{{.workers = 2}};
    const pid_t victim = app.workers().front();
    REQUIRE(::kill(victim, SIGKILL) == 0);
    const std::string killed = ends("outside", "SIGKILL", "");
    const std::string left = ends("exit", "", "1");
    CHECK(comes_to(app, [&](const metrics_page& now) {
        return now.sum(killed) == 1 && now.sum("cohort_worker_ends_total") == 1;
    }));
    CHECK(post(app.port(), "/leave/1").starts_with("HTTP/1.1 500 "));
    CHECK(comes_to(app, [&](const metrics_page& now) {
        return now.sum(killed) == 1 && now.sum(left) == 1 &&
               now.sum("cohort_worker_ends_total") == 2 && now.sum("cohort_workers_ready") == 2;
    }));
}

TEST_CASE("a request that ran again since its worker was killed is counted, and answered once")
{
    api_server app{{.workers = 1}};
    client over{app.port()};
    ask_for(over, "/wait");
    const auto runs = [](const metrics_page& now) {
        return now.sum("cohort_worker_requests_running{slot=\"0\"}") == 1;
    };
    CHECK(comes_to(app, runs));
    const pid_t victim = app.workers().front();
    REQUIRE(::kill(victim, SIGKILL) == 0);
    CHECK(comes_to(app, [&](const metrics_page& now) {
        return now.sum("cohort_http_requests_replayed_total") == 1 &&
               now.sum("cohort_connections_adopted_total{rule=\"adopt.replay\"}") == 1 && runs(now);
    }));
    client other{app.port()};
    CHECK(read_seen(other.body_of("/release")).pid != victim);
    CHECK(read_seen(read_answer(over)).pid != victim);
    CHECK(comes_to(app, [](const metrics_page& now) {
        return now.sum(counted(requests("GET", "/wait", 200))) == 1 &&
               now.sum("cohort_http_requests_replayed_total") == 1;
    }));
}

TEST_CASE("connections that a reload gives to other workers are counted by givers and by takers")
{
    constexpr int guests = 6;
    api_server app{{.workers = 2, .file = "[app.api.reload]\nsoak = \"100ms\"\n"}};
    std::deque<client> idle;
    for (int i = 0; i < guests; ++i)
        who_is(idle.emplace_back(app.port()));
    CHECK(comes_to(app, [](const metrics_page& now) {
        return now.has("cohort_connections_handed_over_total") &&
               now.sum("cohort_connections_handed_over_total") ==
                   now.sum("cohort_connections_taken_over_total");
    }));
    const auto said = operator_of{app.program(), "api"}.ask("reload");
    CHECK_MESSAGE(said.code == exit_code::done, said.reason);
    for (client& each : idle)
        CHECK(who_is(each).pid != 0);
    CHECK(comes_to(app, [](const metrics_page& now) {
        return now.sum("cohort_connections_taken_over_total") >= guests &&
               now.sum("cohort_connections_handed_over_total") ==
                   now.sum("cohort_connections_taken_over_total") &&
               now.sum("cohort_http_connections_open") == guests;
    }));
}
