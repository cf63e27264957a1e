// Hello, world for GET and POST: what peers/hello_http.js, hello_pm2.js and hello_wsgi.py answer.
#include <cohort/cohort.hpp>

namespace http = cohort::http;

int main(int argc, char** argv)
{
    http::router api;
    api.any("/", [](const http::request&) { return http::text("Hello, world"); });
    api.get("/healthz", [](const http::request&) { return http::text("ok"); });
    return cohort::serve(argc, argv, api);
}
