// A hello that is watched more or less, as cohort::serve has it. Usage: observe_server
// off|metrics|all <arguments of a cohort>: nothing; what is counted by itself; and with a line of
// the log and a span for each request. Which spans are recorded, and where they are sent, is the
// environment's to say (OTEL_…). GET /metrics is what was counted.
#include <cohort/cohort.hpp>
#include <cohort/http/middleware/access_log.hpp>
#include <cohort/http/middleware/tracing.hpp>
#include <cohort/observe/exposition.hpp>
#include <cohort/observe/metric_reading.hpp>
#include <cohort/observe/otlp_settings.hpp>
#include <cohort/observe/tracer.hpp>

#include <string_view>
#include <utility>

namespace http = cohort::http;

namespace {

http::response metrics_page(const http::request&)
{
    thread_local auto reader =
        cohort::observe::metric_reader::of(cohort::board::commons::here()).value();
    return http::text(
        cohort::observe::expose(reader.read(), cohort::observe::exposition_format::text));
}

}  // namespace

int main(int argc, char** argv)
{
    const std::string_view mode = argc > 1 ? argv[1] : "";
    if (mode != "off" && mode != "metrics" && mode != "all")
        return 2;
    http::router api;
    if (mode == "all") {
        namespace observe = cohort::observe;
        observe::tracer::configure(
            observe::otlp_settings_from(&observe::variable_of_process, {.service = "observe"})
                .tracing);
        api.use(http::access_log());
        api.use(http::tracing());
    }
    api.get("/", [](const http::request&) { return http::text("Hello, world"); });
    api.get("/healthz", [](const http::request&) { return http::text("ok"); });
    api.get("/metrics", &metrics_page);
    cohort::serve_options options;
    options.metrics = mode != "off";
    argv[1] = argv[0];
    return cohort::serve(argc - 1, argv + 1, api, std::move(options));
}
