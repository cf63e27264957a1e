#include <cohort/http/files/media_type.hpp>

#include <doctest/doctest.h>

using cohort::http::media_type_of;

TEST_CASE("the ending of a name says its type, whatever its case")
{
    CHECK(media_type_of("index.html") == "text/html; charset=utf-8");
    CHECK(media_type_of("a.b/photo.JPG") == "image/jpeg");
    CHECK(media_type_of("app.min.js") == "text/javascript; charset=utf-8");
    CHECK(media_type_of("site.webmanifest") == "application/manifest+json");
    CHECK(media_type_of("a.7z") == "application/x-7z-compressed");
    CHECK(media_type_of("a.zst") == "application/zstd");
}

TEST_CASE("what is not known is only bytes")
{
    for (const char* const name :
         {"", "README", "a.unknown", "a.html/README", ".html", "a.", "a.webmanifesto", "a.htm l"})
        CHECK(media_type_of(name) == "application/octet-stream");
}
