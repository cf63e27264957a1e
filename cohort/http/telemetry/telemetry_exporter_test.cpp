#include <cohort/http/telemetry/telemetry_exporter.hpp>

#include <cohort/async/full_lanes_test.hpp>
#include <cohort/async/lanes.hpp>
#include <cohort/http/client/detail/client_scene_test.hpp>
#include <cohort/http/detail/counted_test.hpp>
#include <cohort/http/middleware/decompress_requests.hpp>
#include <cohort/observe/metrics.hpp>
#include <cohort/observe/span_ring.hpp>

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::http::detail;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

/// A collector of all signals, which answers each as it is told, then 200; and who sends.
struct scene : client_scene {
    scene()
    {
        h.api.use(http::decompress_requests());
        for (const char* const each : {"traces", "metrics", "logs"}) {
            h.api.post(std::string{"/v1/"} + each, [this, each](const http::request& of) {
                got[each].push_back(json::parse(of.body()));
                auto& next = answers[each];
                if (next.empty())
                    return http::bytes("application/json", "{}");
                http::response one = std::move(next.front());
                next.pop_front();
                return one;
            });
        }
        const std::string base = serve() + "/v1/";
        how.traces = {.wanted = true, .address = base + "traces"};
        how.metrics = {.wanted = true, .address = base + "metrics"};
        how.logs = {.wanted = true, .address = base + "logs"};
        how.spans.delay = how.lines.delay = 1ms;
        how.readings.interval = 100ms;
        auto left = observe::log_export::in(seen.board->commons());
        REQUIRE(left);
        lines.emplace(*std::move(left));
        lines->begin();
    }
    ~scene()
    {
        lines->end();
        if (made)
            finish(made->close());
    }
    http::telemetry_exporter& exporter()
    {
        if (!made)
            made.emplace(seen.board->commons(), how, 1ms);
        return *made;
    }
    void finish(awaitable<> work)
    {
        scope last{h.loop.get_executor()};
        last.spawn(std::move(work));
        h.until([&last] { return last.size() == 0; });
    }
    /// Runs until that is so, and stops.
    void run_until(const std::function<bool()>& is_so)
    {
        scope running{h.loop.get_executor()};
        exporter().start(running);
        h.until(is_so);
        running.stop();
        h.until([&running] { return running.size() == 0; });
    }
    [[nodiscard]] std::vector<std::string> bodies() const
    {
        std::vector<std::string> all;
        for (const json::value& each : got.at("logs")) {
            const auto& only = each.at("resourceLogs").at(0).at("scopeLogs").at(0);
            for (const auto& one : only.at("logRecords").as_array())
                all.emplace_back(std::string_view{one.at("body").at("stringValue").as_string()});
        }
        return all;
    }

    counted seen;
    observe::otlp_settings how;
    std::optional<observe::log_export> lines;
    std::optional<http::telemetry_exporter> made;
    std::map<std::string, std::vector<json::value>> got{
        {"traces", {}}, {"metrics", {}}, {"logs", {}}};
    std::map<std::string, std::deque<http::response>> answers;
};

}  // namespace

TEST_CASE("spans, metrics and lines go each to their own place, and what became of them is shown")
{
    scene s;
    const auto spans =
        observe::export_ring::in(s.seen.board->commons(), observe::span_ring::area_name);
    REQUIRE(spans);
    CHECK(spans->publish("span", R"({"name":"a"})") == observe::export_ring::outcome::published);
    s.lines->leave(R"({"message":"hello"})");
    s.run_until([&] {
        return !s.got["traces"].empty() && s.got["metrics"].size() > 1 && !s.got["logs"].empty();
    });
    CHECK(s.bodies() == std::vector<std::string>{"hello"});
    s.finish(s.exporter().flush(10s));
    CHECK(s.seen.count("otel_sdk_exporter_span_exported_total", {""}) == 1);
    CHECK(s.seen.count("otel_sdk_processor_log_processed_total", {""}) == 1);
    CHECK(s.seen.count("otel_sdk_exporter_metric_data_point_exported_total", {""}) > 0);
    CHECK(s.exporter().spans_lost() == 0);
}

TEST_CASE("a collector that refuses one signal does not keep the others from theirs")
{
    scene s;
    s.answers["logs"].push_back(http::text("no", 400));
    s.answers["logs"].push_back(
        http::bytes("application/json", R"({"partialSuccess":{"rejectedLogRecords":"1"}})"));
    s.lines->leave("refused");
    s.run_until([&] { return s.got["logs"].size() == 1 && s.got["metrics"].size() > 2; });
    s.lines->leave("rejected");
    s.lines->leave("taken");
    s.finish(s.exporter().flush(10s));
    CHECK(s.bodies() == std::vector<std::string>{"refused", "rejected", "taken"});
    CHECK(s.seen.count("otel_sdk_exporter_log_exported_total", {"refused"}) == 1);
    CHECK(s.seen.count("otel_sdk_exporter_log_exported_total", {"rejected"}) == 1);
    CHECK(s.seen.count("otel_sdk_exporter_log_exported_total", {""}) == 1);
}

TEST_CASE("metrics are read on a lane, and left out this time where lanes have too much to do")
{
    scene s;
    s.how.traces.wanted = s.how.logs.wanted = false;
    full_lanes full{lanes::of(s.h.loop)};
    s.finish(s.exporter().flush(10s));
    CHECK(s.got["metrics"].empty());
    full.release();
    s.run_until([&] { return !s.got["metrics"].empty(); });
}

TEST_CASE("what is not wanted is neither sent nor shown")
{
    scene s;
    s.how.traces.wanted = s.how.metrics.wanted = false;
    s.lines->leave("hello");
    s.finish(s.exporter().flush(10s));
    CHECK(s.bodies().size() == 1);
    CHECK(s.got["metrics"].empty());
    CHECK_FALSE(s.exporter().spans_lost().has_value());
}
