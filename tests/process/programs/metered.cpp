// What does the cohort count by itself, and do lanes that are killed count to the last one? Any
// worker shows the page of all.
#include <cohort/board/commons.hpp>
#include <cohort/cohort.hpp>
#include <cohort/metrics.hpp>
#include <cohort/observe/exposition.hpp>
#include <cohort/observe/metric_reading.hpp>

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
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

/// What the lanes of all workers were about to count, and had counted.
struct tally {
    std::atomic<std::uint64_t> begun;
    std::atomic<std::uint64_t> done;
};
tally& tally_of_all()
{
    return cohort::board::area_as<tally>(
        cohort::board::commons::here().area("tally", sizeof(tally)).value());
}

/// Keeps a lane counting until its worker is killed.
http::response count_for_ever(const http::request&)
{
    namespace metrics = cohort::metrics;
    static auto& counted = metrics::counter("metered_counted_total", "Counted on lanes");
    static auto& took = metrics::histogram("metered_took_seconds", "Times, on lanes");
    tally& all = tally_of_all();
    for (;;) {
        all.begun.fetch_add(1);
        counted.add();
        took.record(std::chrono::milliseconds{3});
        all.done.fetch_add(1);
    }
}

http::response tally_now(const http::request&)
{
    const tally& all = tally_of_all();
    const std::uint64_t done = all.done;
    return http::text(fmt::format("done {}\nbegun {}\n", done, all.begun.load()));
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.get("/page", &page);
    api.get("/hello/{name}", [](const http::request&) { return http::text("hello"); });
    api.get("/tally", &tally_now);
    api.post("/count", &count_for_ever, {.cpu_bound = true});
    api.post("/die", [](const http::request&) -> http::response {
        ::raise(SIGKILL);
        return http::text("never");
    });
    cohort::serve_options options;
    options.metrics = argc < 2 || std::string_view{argv[argc - 1]} != "--name=unmetered";
    return cohort::serve(argc, argv, api, std::move(options));
}
