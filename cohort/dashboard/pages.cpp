#include <cohort/dashboard/pages.hpp>

#include <cohort/http/auth/permission.hpp>
#include <cohort/http/conditions.hpp>
#include <cohort/http/content_policy.hpp>
#include <cohort/http/files/media_type.hpp>
#include <cohort/http/middleware/helmet.hpp>
#include <cohort/http/openapi/notes.hpp>
#include <cohort/http/response.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace cohort::dashboard {

namespace {

http::response send(const http::request& of, const detail::embedded_file& file,
                    const std::string& tag, const std::string& type)
{
    const bool known = http::weigh(of, {.tag = tag}) == http::condition_outcome::not_modified;
    http::response answer =
        known
            ? http::response{304}
            : http::bytes(type, std::string{reinterpret_cast<const char*>(file.bytes), file.size});
    // Another version may be there after an upgrade: browsers ask each time.
    return std::move(answer).header("ETag", tag).header("Cache-Control", "no-cache");
}

}  // namespace

void add_pages(http::routes& to, std::span<const detail::embedded_file> files)
{
    for (const detail::embedded_file& each : files) {
        const std::string_view bytes{reinterpret_cast<const char*>(each.bytes), each.size};
        std::string path =
            each.name == "index.html" ? std::string{"/"} : "/" + std::string{each.name};
        to.get(path,
               [&each, tag = http::tag_of(bytes),
                type = std::string{http::media_type_of(each.name)}](const http::request& of) {
                   return send(of, each, tag, type);
               },
               {.notes = {http::open_to_all{}, http::undocumented{}}});
    }
}

http::hooks page_rules()
{
    http::helmet_options how;
    how.profile = http::helmet_profile::api;
    how.content_security_policy = http::content_policy{}
                                      .set("default-src", {"'none'"})
                                      .set("script-src", {"'self'"})
                                      .set("style-src", {"'self'"})
                                      .set("img-src", {"'self'", "data:"})
                                      .set("connect-src", {"'self'"})
                                      .set("base-uri", {"'none'"})
                                      .set("form-action", {"'none'"})
                                      .set("frame-ancestors", {"'none'"});
    return http::helmet(std::move(how));
}

}  // namespace cohort::dashboard
