#include <cohort/http/compressible.hpp>

#include <doctest/doctest.h>

using namespace cohort::http;

TEST_CASE("texts are worth compressing, and what is compressed already is not")
{
    for (const char* type :
         {"text/plain", "text/html; charset=utf-8", "Application/JSON", "application/problem+json",
          "image/svg+xml", "application/wasm", "text/event-stream", "application/atom+xml ; x=y"})
        CHECK_MESSAGE(is_compressible(type), type);
    for (const char* type : {"", "image/png", "application/zip", "video/mp4", "font/woff2",
                             "application/octet-stream", "application/pdf", "textual/x", "+json"})
        CHECK_MESSAGE(!is_compressible(type), type);
}
