#include <cohort/http/openapi/serve_openapi.hpp>

#include <cohort/http/auth/permission.hpp>
#include <cohort/http/detail/parsed_test.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/validation/valid.hpp>
#include <cohort/schema/schema.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

using namespace cohort;
using namespace cohort::http;

namespace {

struct note {
    std::string words;
};
const auto note_schema = schema::object<note>("Note").field("words", &note::words);

struct page {
    unsigned limit = 20;
};
const auto page_schema =
    schema::object<page>().defaulted("limit", &page::limit, schema::integer().range(1, 100));

response nothing(const request&) { return no_content(); }
response create(const request&, const note& made) { return json_of(note_schema, made, 201); }
response list(const request&, page) { return text(""); }

router make_api()
{
    router api;
    serve_openapi(api, {.title = "Notes", .security = {{"key", api_key_scheme("X-Key")}}});
    api.post("/notes", valid(note_schema, create),
             {.notes = {summary{"Makes one"}, tag{"notes"}, security{"key"},
                        answers{201, note_schema, "Made"}, answers{409}}});
    api.get("/notes", valid_query(page_schema, list));
    auto inner = api.group("/files");
    inner.del("/{owner}/{rest...}", nothing, {.notes = {deprecated{}}});
    inner.any("/any", nothing);
    return api;
}

response ask(const router& api, std::string_view line, std::string_view fields = {})
{
    http::detail::parsed it{line, fields};
    return api.plan_for(it.of).to->run(it.of);
}

std::string at(const boost::json::value& document, std::string_view pointer)
{
    error_code none;
    const boost::json::value* found = document.find_pointer({pointer.data(), pointer.size()}, none);
    return found == nullptr ? "nothing" : boost::json::serialize(*found);
}

}  // namespace

TEST_CASE("the document has every route with what its handler and its notes say")
{
    router api = make_api();
    REQUIRE(api.freeze());
    const boost::json::value all =
        boost::json::parse(std::string{ask(api, "GET /openapi.json").body()});
    CHECK(at(all, "/openapi") == "\"3.1.0\"");
    CHECK(at(all, "/paths/~1notes/post/operationId") == "\"post_notes\"");
    CHECK(at(all, "/paths/~1notes/post/tags") == R"(["notes"])");
    CHECK(at(all, "/paths/~1notes/post/security") == R"([{"key":[]}])");
    CHECK(at(all, "/paths/~1notes/post/requestBody") ==
          R"({"required":true,"content":{"application/json":{"schema":)"
          R"({"$ref":"#/components/schemas/Note"}}}})");
    CHECK(at(all, "/paths/~1notes/post/responses/201/description") == "\"Made\"");
    CHECK(at(all, "/paths/~1notes/post/responses/409") ==
          R"({"description":"Conflict","content":{"application/problem+json":{"schema":)"
          R"({"$ref":"#/components/schemas/Problem"}}}})");
    CHECK(at(all, "/paths/~1notes/post/responses/422") ==
          R"({"$ref":"#/components/responses/Invalid"})");
    CHECK(at(all, "/paths/~1notes/get/parameters") ==
          R"([{"name":"limit","in":"query","schema":{"type":"integer","minimum":1,)"
          R"("maximum":100,"default":20}}])");
    CHECK(at(all, "/paths/~1files~1{owner}~1{rest}/delete/parameters/1") ==
          R"({"name":"rest","in":"path","description":"All that follows, slashes included.",)"
          R"("required":true,"schema":{"type":"string"},"x-tail":true})");
    CHECK(at(all, "/paths/~1files~1{owner}~1{rest}/delete/deprecated") == "true");
    CHECK(at(all, "/components/schemas/Note/required") == R"(["words"])");
    CHECK(at(all, "/paths/~1docs") == "nothing");
    CHECK(at(all, "/paths/~1files~1any") == "nothing");
}

TEST_CASE("the same routes make the same document, and it is sent once to who keeps it")
{
    router one = make_api();
    router moved = std::move(one);
    REQUIRE(moved.freeze());
    router two = make_api();
    REQUIRE(two.freeze());
    const response first = ask(moved, "GET /openapi.json");
    CHECK(first.body() == ask(two, "GET /openapi.json").body());
    const std::string etag{first.header("ETag").value_or("")};
    REQUIRE(etag.size() > 2);
    CHECK(ask(two, "GET /openapi.json", "If-None-Match: \"x\", W/" + etag + "\r\n").status() ==
          304);
    CHECK(ask(two, "GET /openapi.json", "If-None-Match: \"x\"\r\n").status() == 200);
}

TEST_CASE("routes of a first attempt to freeze are forgotten with it")
{
    router api = make_api();
    api.get("/x/{", nothing);
    REQUIRE_FALSE(api.freeze());
    CHECK_FALSE(api.frozen());
}

TEST_CASE("a scheme that the document lacks, or one operation_id for two routes, is found at start")
{
    router api = make_api();
    api.get("/one", nothing, {.notes = {operation_id{"same"}}});
    api.get("/two", nothing, {.notes = {operation_id{"same"}, security{"key"}}});
    api.get("/three", nothing, {.notes = {security{"tokne"}}});
    const auto frozen = api.freeze();
    REQUIRE_FALSE(frozen);
    CHECK(frozen.error().text().find("its operation_id `same` is that of another route") !=
          std::string::npos);
    CHECK(frozen.error().text().find("no security scheme `tokne`") != std::string::npos);
}

TEST_CASE("the page runs its own script and nothing else")
{
    router api = make_api();
    REQUIRE(api.freeze());
    const response page = ask(api, "GET /docs");
    CHECK(page.status() == 200);
    CHECK(page.content_type() == "text/html; charset=utf-8");
    const std::string policy{page.header("Content-Security-Policy").value_or("")};
    CHECK(policy.starts_with("default-src 'none'; script-src 'sha256-"));
    CHECK(policy.find("unsafe") == std::string::npos);
    CHECK(page.body().find("innerHTML") == std::string_view::npos);
    CHECK(page.body().find("http://") == std::string_view::npos);
    CHECK(page.body().find("https://") == std::string_view::npos);
}

TEST_CASE("the document's own routes have the notes that they are given")
{
    router api;
    serve_openapi(api, {.title = "Notes"}, {permission{"docs:read"}});
    int noted = 0;
    api.check([&noted](const route& each) -> std::optional<std::string> {
        noted += each.note<permission>() != nullptr && each.note<undocumented>() != nullptr ? 1 : 0;
        return std::nullopt;
    });
    REQUIRE(api.freeze());
    CHECK(noted == 2);
}
