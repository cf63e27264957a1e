// A hello that is watched more or less, as cohort::serve has it. Usage: observe_server
// off|metrics|all <arguments of a cohort>: nothing; what is counted by itself; and with a line of
// the log and a span for each request, of which one in a hundred is recorded.
#include <cohort/cohort.hpp>
#include <cohort/http/middleware/access_log.hpp>
#include <cohort/http/middleware/tracing.hpp>
#include <cohort/observe/tracer.hpp>

#include <string_view>
#include <utility>

int main(int argc, char** argv)
{
    namespace http = cohort::http;
    const std::string_view mode = argc > 1 ? argv[1] : "";
    if (mode != "off" && mode != "metrics" && mode != "all")
        return 2;
    http::router api;
    if (mode == "all") {
        cohort::observe::trace_options how;
        how.which = cohort::observe::sampler::parse("parentbased_traceidratio", "0.01").value();
        cohort::observe::tracer::configure(how);
        api.use(http::access_log());
        api.use(http::tracing());
    }
    api.get("/", [](const http::request&) { return http::text("Hello, world"); });
    api.get("/healthz", [](const http::request&) { return http::text("ok"); });
    cohort::serve_options options;
    options.metrics = mode != "off";
    argv[1] = argv[0];
    return cohort::serve(argc - 1, argv + 1, api, std::move(options));
}
