// A program that counts, and shows what its whole cohort has counted. /pay/EUR counts, /fail
// answers that it has failed, /say/1 says so in the log, /last/1 too, and ends its worker by a
// signal after that, as /die/1 does.

#include <cohort/cohort.hpp>
#include <cohort/metrics.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <csignal>
#include <string>

namespace http = cohort::http;
namespace metrics = cohort::metrics;
using namespace std::chrono_literals;

namespace {

/// Of everybody, as any worker sees it.
http::response show(const http::request& request)
{
    auto reader = cohort::observe::metric_reader::of(cohort::board::commons::here());
    if (!reader)
        return http::text(reader.error().text(), 503);
    const auto seen = reader->read();
    const auto format =
        cohort::observe::preferred_exposition(request.header("Accept").value_or(""));
    return http::bytes(std::string{cohort::observe::content_type(format)},
                       cohort::observe::expose(seen, format));
}

}  // namespace

int main(int argc, char** argv)
{
    auto& paid = metrics::counter("payments_total", "Payments made", {"currency"});
    auto& took = metrics::histogram("payment_duration_seconds", "How long a payment takes", {},
                                    {.exemplars = true});
    auto& sizes = metrics::size_histogram("payment_request_bytes", "Size of a request");
    auto& busy = metrics::time_counter("payment_busy_seconds_total", "Time spent on payments");
    auto& last =
        metrics::gauge("payment_last_amount", "The last amount", {.over = metrics::across::each});
    auto& amounts = metrics::gauge("payment_amounts", "All last amounts \"together\"");

    http::router api;
    api.use(http::tracing());
    api.use(http::access_log());
    api.get("/pay/{currency}", [&](const http::request& request) {
        paid.with(request.path<std::string>("currency")).add();
        took.with().record(30ms, {0x0af7651916cd43dd, 0x8448eb211c80319c});
        sizes.record(request.query().size());
        busy.add(30ms);
        last.set(12.5);
        amounts.set(12.5);
        return http::text(fmt::format("{}", ::getpid()));
    });
    api.get("/say/{number}", [](const http::request& request) {
        http::log_of(request).warn({{"number", request.path<int>("number")}}, "said");
        return http::no_content();
    });
    api.get("/last/{number}", [](const http::request& request) {
        if (request.attempt() == 1) {
            http::log_of(request).warn({{"number", request.path<int>("number")}}, "last words");
            ::raise(SIGKILL);
        }
        return http::no_content();
    });
    api.get("/die/{time}", [](const http::request&) -> http::response {
        ::raise(SIGKILL);
        return http::no_content();
    });
    api.get("/fail", [](const http::request&) { return http::text("no", 500); });
    api.get("/metrics", show);
    return cohort::serve(argc, argv, api);
}
