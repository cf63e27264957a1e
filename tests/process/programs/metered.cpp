// What does the cohort count by itself? Any worker shows the page of all.
#include <cohort/cohort.hpp>
#include <cohort/observe/exposition.hpp>
#include <cohort/observe/metric_reading.hpp>

#include <csignal>
#include <string>
#include <string_view>

namespace http = cohort::http;

namespace {

/// The same as the dashboard's door does: no worker is asked.
http::response page(const http::request&)
{
    thread_local auto reader =
        cohort::observe::metric_reader::of(cohort::board::commons::here()).value();
    return http::text(
        cohort::observe::expose(reader.read(), cohort::observe::exposition_format::text));
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.get("/page", &page);
    api.get("/hello/{name}", [](const http::request&) { return http::text("hello"); });
    api.post("/die", [](const http::request&) -> http::response {
        ::raise(SIGKILL);
        return http::text("never");
    });
    cohort::serve_options options;
    options.metrics = argc < 2 || std::string_view{argv[argc - 1]} != "--name=unmetered";
    return cohort::serve(argc, argv, api, std::move(options));
}
