// What a span costs: where its trace is not sampled, and where it is. Writes the median of so many
// rounds, a line of JSON for each case. Usage: trace_bench [rounds, 201]

#include "../lib/nanoseconds.hpp"

#include <cohort/http/head_parser.hpp>
#include <cohort/http/middleware/tracing.hpp>
#include <cohort/http/router.hpp>
#include <cohort/observe/trace_context.hpp>
#include <cohort/observe/tracer.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>

using namespace cohort;
using bench::keep;

namespace {

int rounds = 201;
constexpr int repeats = 500;

template <class Work>
void measure(std::string_view what, Work work)
{
    fmt::print("{{\"case\":\"{}\",\"ns\":{:.1f}}}\n", what,
               bench::median_ns(rounds, repeats, [&](int) { work(); }));
}

/// A request with a traceparent or without, as the server would have parsed it.
struct parsed {
    explicit parsed(std::string_view fields)
        : bytes{fmt::format("GET / HTTP/1.1\r\nHost: 127.0.0.1:3000\r\n{}\r\n", fields)}
    {
        const http::limits bounds;
        http::head_parser parser{bounds};
        keep(parser.parse(bytes, top));
    }
    std::string bytes;
    http::head top{};
};

void measure_requests(std::string_view what, observe::tracer* by, std::string_view fields)
{
    http::router api;
    if (by != nullptr)
        api.use(http::tracing(by));
    api.get("/", [](const http::request&) { return http::text("Hello, world"); });
    if (!api.freeze())
        return;
    const parsed one{fields};
    measure(what, [&] {
        http::request of{http::request_source{.top = {one.top, one.bytes.data()}}};
        const http::response answer = api.plan_for(of).to->run(of);
        keep(answer);
    });
}

}  // namespace

int main(int argc, char** argv)
{
    const auto wanted = bench::rounds_asked(argc, argv, rounds);
    if (!wanted)
        return 2;
    rounds = *wanted;
    using observe::sampler;
    observe::trace_options never;
    never.which = sampler{sampler::by::parent, sampler::roots::none};
    observe::tracer unsampled{never};
    observe::trace_options nothing = never;
    nothing.recorded = false;
    observe::tracer off{nothing};
    observe::tracer sampled{{}};

    const std::string_view parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    measure("a traceparent is read", [&] { keep(observe::parse_traceparent(parent)); });

    const auto bare = [](observe::tracer& by) {
        return [&by] { keep(by.begin({.kind = observe::span_kind::internal}).context()); };
    };
    measure("a span, recording off", bare(off));
    measure("a span, not sampled", bare(unsampled));
    const observe::span whole = unsampled.begin({});
    measure("a child, not sampled", [&] { keep(whole.child("part").context()); });
    measure("a child, not sampled, three attributes", [&] {
        keep(whole.child("part").set("a", 1).set("b", true).set("c", "words").context());
    });
    measure("a span, sampled: written into the ring", bare(sampled));

    const std::string header = fmt::format("traceparent: {}\r\n", parent);
    const std::string yes = fmt::format("traceparent: {}01\r\n", parent.substr(0, 53));
    measure_requests("a request through the router, without tracing", nullptr, header);
    measure_requests("the same, recording off", &off, header);
    measure_requests("the same, not sampled, no traceparent", &unsampled, {});
    measure_requests("the same, not sampled by its traceparent", &unsampled, header);
    measure_requests("the same, sampled: 12 attributes, written", &sampled, yes);
    return 0;
}
