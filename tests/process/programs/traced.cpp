// An API whose spans can be asked for, and which dies on the way: what is recorded of that?
#include <cohort/cohort.hpp>
#include <cohort/http/middleware/tracing.hpp>
#include <cohort/http/request_span.hpp>
#include <cohort/observe/tracer.hpp>

#include <fmt/format.h>

#include <string>

#include <signal.h>

namespace http = cohort::http;

namespace {

/// Dies of a signal while it runs for the first time.
http::response die_once(const http::request& of)
{
    http::span_of(of).child("before the end").end();
    if (of.attempt() == 1)
        ::raise(SIGKILL);
    return http::text(text(http::span_of(of).context().trace) + "\n");
}

/// What it would tell others, and who says so.
http::response told(const http::request& of)
{
    return http::text(fmt::format("{} {}", of.slot(), http::span_of(of).context().traceparent()));
}

/// Goes wrong.
http::response broken(const http::request&) { return http::text("no", 500); }

/// Everything that was recorded by all workers, dead ones too.
http::response spans(const http::request&)
{
    auto& tracer = cohort::observe::tracer::here();
    std::string all;
    std::string one;
    for (auto* const each : {&tracer.ring(), &tracer.trouble()}) {
        cohort::board::ring_reader reader{each->find().value().messages(), 0};
        while (reader.look(cohort::now()) == cohort::board::ring_reader::found::message) {
            if (!reader.read(one))
                continue;
            all += all.empty() ? "[" : ",";
            all += one;
        }
    }
    return http::bytes("application/json", all.empty() ? "[]" : all + "]");
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.get("/spans", &spans);
    http::routes seen = api.group("/seen");
    seen.use(http::tracing());
    seen.get("/die_once", &die_once);
    seen.post("/die_once", &die_once);
    seen.get("/told", &told);
    seen.get("/broken", &broken);
    return cohort::serve(argc, argv, api);
}
