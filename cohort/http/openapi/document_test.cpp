#include <cohort/http/openapi/document.hpp>

#include <cohort/http/auth/access.hpp>
#include <cohort/http/auth/authenticated.hpp>
#include <cohort/http/limiting/rate_limit.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/validation/valid.hpp>
#include <cohort/schema/schema.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

using namespace cohort;
using namespace cohort::http;

namespace {

response nothing(const request&) { return no_content(); }

boost::json::value document_of(router& api, const openapi_info& info = {.title = "Things"})
{
    REQUIRE(api.freeze());
    return openapi_document(api, info);
}

std::string at(const boost::json::value& document, std::string_view pointer)
{
    error_code none;
    const boost::json::value* found = document.find_pointer({pointer.data(), pointer.size()}, none);
    return found == nullptr ? "nothing" : boost::json::serialize(*found);
}

std::string paths_in(const boost::json::value& document)
{
    std::string out;
    for (const auto& [path, operations] : document.at("paths").as_object()) {
        out += std::string{path} + ":";
        for (const auto& [method, what] : operations.as_object())
            out += " " + std::string{method} + "=" + what.at("operationId").as_string().c_str();
        out += "\n";
    }
    return out;
}

struct by_id {
    std::uint32_t id = 0;
};
const auto id_schema = schema::object<by_id>().field(
    "id", &by_id::id, schema::documented(schema::integer(), {.about = "Its number."}));

struct thing {
    std::string name;
};
const auto thing_schema = schema::object<thing>("Thing").field("name", &thing::name);

}  // namespace

TEST_CASE("paths that differ in names alone are one path, whose names their operations use")
{
    router api;
    api.get("/things/{id}", valid_path(id_schema, [](const request&, by_id) { return text(""); }));
    api.del("/things/{name}", nothing);
    api.put("/things/{rest...}", nothing);
    const boost::json::value all = document_of(api);
    CHECK(paths_in(all) == "/things/{id}: get=get_things_id delete=delete_things_name "
                           "put=put_things_rest\n");
    CHECK(at(all, "/paths/~1things~1{id}/delete/parameters/0/name") == "\"id\"");
    CHECK(at(all, "/paths/~1things~1{id}/put/parameters/0/x-tail") == "true");
    CHECK(at(all, "/paths/~1things~1{id}/get/parameters/0") ==
          R"({"name":"id","in":"path","required":true,"description":"Its number.",)"
          R"("schema":{"type":"integer","minimum":0,"maximum":4294967295}})");
}

TEST_CASE("a tail whose place is taken is written with one more segment")
{
    router api;
    api.get("/x/{id...}", nothing);
    api.get("/x/{id}", nothing);
    api.get("/y/{rest...}", nothing);
    api.get("/y/{a}", nothing);
    api.get("/y/{a}/{rest_1}", nothing);
    const boost::json::value all = document_of(api);
    CHECK(paths_in(all) == "/x/{id_1}/{id}: get=get_x_id_2\n"
                           "/x/{id}: get=get_x_id\n"
                           "/y/{a}: get=get_y_a\n"
                           "/y/{a}/{rest_1}: get=get_y_a_rest_1\n"
                           "/y/{rest_1}/{rest_2}/{rest}: get=get_y_rest\n");
    CHECK(at(all, "/paths/~1x~1{id_1}~1{id}/get/parameters") ==
          R"([{"name":"id_1","in":"path","description":"A segment of what is taken as a whole.",)"
          R"("required":true,"schema":{"type":"string"}},{"name":"id","in":"path",)"
          R"("description":"All that follows, slashes included.","required":true,)"
          R"("schema":{"type":"string"},"x-tail":true}])");
}

TEST_CASE("forms, files and other bodies are documented by notes")
{
    router api;
    api.post("/photos", nothing,
             {.notes = {takes{form_fields{}
                                  .text("title", "What it shows")
                                  .file("photo", "image/jpeg")
                                  .file("thumbnail")
                                  .optional()}}});
    api.post("/login", nothing, {.notes = {takes{form_fields{}.text("user")}}});
    api.put("/table", nothing, {.notes = {takes{media{"text/csv"}}, takes{media{"image/*"}}}});
    const boost::json::value all = document_of(api);
    CHECK(at(all, "/paths/~1photos/post/requestBody") ==
          R"({"required":true,"content":{"multipart/form-data":{"schema":{"type":"object",)"
          R"("properties":{"title":{"type":"string","description":"What it shows"},)"
          R"("photo":{"type":"string","format":"binary"},)"
          R"("thumbnail":{"type":"string","format":"binary"}},"required":["title","photo"]},)"
          R"("encoding":{"photo":{"contentType":"image/jpeg"},)"
          R"("thumbnail":{"contentType":"application/octet-stream"}}}}})");
    CHECK(at(all, "/paths/~1photos/post/responses/413") ==
          R"({"$ref":"#/components/responses/Problem","description":"Content Too Large"})");
    CHECK(at(all, "/paths/~1login/post/requestBody/content")
              .starts_with(R"({"application/x-www-form-urlencoded":{"schema")"));
    CHECK(at(all, "/paths/~1table/put/requestBody/content") ==
          R"({"text/csv":{"schema":{"type":"string"}},"image/*":{}})");
}

TEST_CASE("answers have types, header fields and examples")
{
    router api;
    api.post("/things", valid(thing_schema, [](const request&, const thing&) { return text(""); }),
             {.notes = {example{{{"name", "bolt"}}, "A bolt"}, example{{{"name", "nut"}}},
                        answers{201, thing_schema, "Made"}
                            .header("Location", "Where it is")
                            .example({{"name", "bolt"}}),
                        answers{201, media{"text/plain"}}}});
    const boost::json::value all = document_of(api);
    CHECK(at(all, "/paths/~1things/post/requestBody/content/application~1json/examples") ==
          R"({"example_1":{"summary":"A bolt","value":{"name":"bolt"}},)"
          R"("example_2":{"value":{"name":"nut"}}})");
    CHECK(at(all, "/paths/~1things/post/responses/201") ==
          R"({"description":"Made","headers":{"Location":{"description":"Where it is",)"
          R"("schema":{"type":"string"}}},"content":{"application/json":{)"
          R"("schema":{"$ref":"#/components/schemas/Thing"},)"
          R"("examples":{"example_1":{"value":{"name":"bolt"}}}},)"
          R"("text/plain":{"schema":{"type":"string"}}}})");
}

TEST_CASE("what the middleware around a route answers is documented, and who may use it")
{
    auto policy = role_policy::compile(
        {.permissions = {"things:read"}, .roles = {{.name = "user", .allow = {"things:read"}}}});
    REQUIRE(policy);
    router api;
    api.use(authenticated(
        {.name = "none", .check = [](const request&) { return std::unexpected(auth_refusal{}); }}));
    api.use(rate_limit({.name = "documents", .limit = 10}));
    access(api, std::make_shared<access_control>(*std::move(policy)));
    api.get("/things", nothing, {.notes = {permission{"things:read"}}});
    api.get("/mine", nothing, {.notes = {permission{"things:read"}, security{"key"}}});
    api.get("/health", nothing, {.notes = {open_to_all{}}});
    const boost::json::value all = document_of(
        api, {.title = "Things",
              .security = {{"token", bearer_scheme()}, {"key", api_key_scheme("X-K")}}});
    CHECK(at(all, "/paths/~1things/get/security") == R"([{"token":[]},{"key":[]}])");
    CHECK(at(all, "/paths/~1things/get/x-permission") == "\"things:read\"");
    CHECK(at(all, "/paths/~1things/get/responses/401/$ref") ==
          R"("#/components/responses/Unauthorized")");
    CHECK(at(all, "/paths/~1things/get/responses/403/description") == "\"Forbidden\"");
    CHECK(at(all, "/paths/~1things/get/responses/429/$ref") ==
          R"("#/components/responses/TooManyRequests")");
    CHECK(at(all, "/paths/~1mine/get/security") == R"([{"key":[]}])");
    CHECK(at(all, "/paths/~1health/get/security") == "nothing");
    CHECK(at(all, "/paths/~1health/get/responses/401") == "nothing");
    CHECK(at(all, "/paths/~1health/get/responses/429") != "nothing");
}

TEST_CASE("groups have words, and the program has the last one")
{
    router api;
    api.get("/", nothing);
    const boost::json::value all =
        document_of(api, {.title = "Things",
                          .tags = {{"things", "What there is."}},
                          .adjust = [](boost::json::object& document) {
                              document.at("info").as_object()["x-owner"] = "us";
                          }});
    CHECK(at(all, "/tags") == R"([{"name":"things","description":"What there is."}])");
    CHECK(at(all, "/info/x-owner") == "\"us\"");
}
