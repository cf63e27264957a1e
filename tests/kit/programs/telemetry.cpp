// Our telemetry, for second opinions.
//
// telemetry send: records spans of all kinds, and sends them where the environment says (OTEL_…).
// telemetry contexts: reads JSON texts {"traceparent", "tracestate", "baggage"}, a line each, and
// writes what we hand on of it in the same form; a member that we refuse is null.

#include <cohort/async/scope.hpp>
#include <cohort/http/telemetry/batch_exporter.hpp>
#include <cohort/observe/baggage.hpp>
#include <cohort/observe/otlp_settings.hpp>
#include <cohort/observe/span_ring.hpp>
#include <cohort/observe/trace_context.hpp>
#include <cohort/observe/tracer.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <iostream>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

using namespace cohort;
using namespace std::chrono_literals;

namespace {

/// All that a span can have.
void record_rich_one(observe::tracer& by)
{
    auto theirs =
        observe::parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    theirs->state = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
    observe::span rich = by.begin(
        {.kind = observe::span_kind::server, .name = "GET /users/{id}", .parent = &*theirs});
    rich.set("text", "caf\xc3\xa9 \"\\\n\x01 \xff").set("empty", "").set("yes", true);
    rich.set("no", false).set("least", std::numeric_limits<std::int64_t>::min());
    rich.set("most", std::numeric_limits<std::int64_t>::max()).set("half", 0.5);
    rich.set("huge", 1e300).set("tiny", -5e-324).set("whole", 3.0);
    rich.event("first").event("second");
    rich.child("part", observe::span_kind::client).end();
    rich.fail("it broke").end();
}

void record(observe::tracer& by)
{
    record_rich_one(by);
    for (const auto kind :
         {observe::span_kind::internal, observe::span_kind::producer, observe::span_kind::consumer})
        by.begin({.kind = kind, .name = "of a kind"}).end();
    observe::span full = by.begin({.name = "more than there is room for"});
    full.set("a", 1).set("b", 2);
    for (int i = 0; i < 40; ++i)
        full.event("again");
    full.end();
    by.begin({.name = ""}).end();
    for (int i = 0; i < 1000; ++i)
        by.begin({.name = "one of many"}).set("i", i).end();
}

int send()
{
    const auto settings = observe::otlp_settings_from(&observe::variable_of_process);
    for (const std::string& each : settings.complaints)
        std::cerr << each << '\n';
    observe::tracer by{settings.tracing};
    record(by);
    // A cohort has one exporter for each ring; here one is enough.
    const auto trouble = by.trouble().find();
    if (!trouble)
        return 1;
    observe::export_reader troubled{*trouble};
    for (const auto& each : troubled.take({.items = 100, .bytes = 1 << 20}, now()))
        static_cast<void>(by.ring().publish(each.text));
    asio::io_context loop{1};
    const auto ring = by.ring().find();
    if (!ring)
        return 1;
    auto exporter = http::batch_exporter::of_spans(*ring, settings);
    scope work{loop.get_executor()};
    const auto finish = [&](awaitable<> what) {
        work.spawn(std::move(what));
        while (work.size() != 0)
            loop.run_one();
    };
    finish(exporter.flush(60s));
    finish(exporter.close());
    const http::otlp_counters& all = exporter.counters();
    fmt::print("{{\"delivered\":{},\"rejected\":{},\"retries\":{},\"lost\":{}}}\n", all.delivered,
               all.rejected, all.retries, exporter.lost());
    return 0;
}

/// What `of` says under that name; empty: nothing.
std::string text_of(const boost::json::object& of, std::string_view name)
{
    const auto* const found = of.if_contains(name);
    return found != nullptr && found->is_string() ? std::string{found->get_string()}
                                                  : std::string{};
}

int contexts()
{
    std::string line;
    while (std::getline(std::cin, line)) {
        const boost::json::object asked = boost::json::parse(line).as_object();
        boost::json::object answer{
            {"traceparent", nullptr}, {"tracestate", nullptr}, {"baggage", nullptr}};
        if (const auto found = observe::parse_traceparent(text_of(asked, "traceparent")))
            answer["traceparent"] = found->traceparent();
        if (const auto found = observe::checked_tracestate(text_of(asked, "tracestate")))
            answer["tracestate"] = *found;
        if (const auto found = observe::baggage::parse(text_of(asked, "baggage")))
            answer["baggage"] = found->text();
        std::puts(boost::json::serialize(answer).c_str());
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    const std::string_view verb = argc > 1 ? argv[1] : "";
    if (verb == "send")
        return send();
    if (verb == "contexts")
        return contexts();
    return 2;
}
