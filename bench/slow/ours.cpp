// What a slow client can hold on to: a head, a body that is buffered, an answer without end.
#include <cohort/cohort.hpp>

#include <string>

namespace http = cohort::http;

namespace {

/// Far more than all buffers between us and a client that does not read.
cohort::task<> pour(http::body_writer& out)
{
    const std::string piece(65'536, 'x');
    for (int i = 0; i < 10'000; ++i) {
        const auto sent = co_await out.write(piece);
        if (!sent)
            co_return;
    }
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.any("/", [](const http::request&) { return http::text("Hello, world"); });
    api.get("/pour", [](const http::request&) { return http::stream("text/plain", pour); });
    api.get("/healthz", [](const http::request&) { return http::text("ok"); });
    return cohort::serve(argc, argv, api);
}
