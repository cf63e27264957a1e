#include <cohort/cohort.hpp>

namespace http = cohort::http;

int main(int argc, char** argv)
{
    http::router api;

    api.get("/", [](const http::request&) { return http::text("Hello, world"); });

    api.any("/echo",
            [](const http::request& request) { return http::text(std::string{request.body()}); });

    api.get("/healthz", [](const http::request&) { return http::text("ok"); });

    return cohort::serve(argc, argv, api);
}
