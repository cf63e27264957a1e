// An API whose spans can be asked for, and which dies on the way: what is recorded of that?
#include <cohort/cohort.hpp>
#include <cohort/http/middleware/tracing.hpp>
#include <cohort/http/request_span.hpp>
#include <cohort/observe/tracer.hpp>

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

/// Everything that was recorded by all workers, dead ones too.
http::response spans(const http::request&)
{
    const auto ring = cohort::observe::tracer::here().ring().find();
    cohort::board::ring_reader reader{ring.value().messages(), 0};
    std::string all;
    std::string one;
    while (reader.look(cohort::now()) == cohort::board::ring_reader::found::message) {
        if (!reader.read(one))
            continue;
        all += all.empty() ? "[" : ",";
        all += one;
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
    return cohort::serve(argc, argv, api);
}
