#pragma once

#include <cohort/http/router.hpp>

#include <boost/json/object.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

/// What a document says about the program as a whole. A value.
struct openapi_info {
    std::string title;
    std::string version = "1.0.0";
    std::string about = {};                 ///< Markdown.
    std::vector<std::string> servers = {};  ///< URLs; none: where the document came from.

    /// By the names that `security` notes use: see bearer_scheme() and its like.
    std::vector<std::pair<std::string, boost::json::object>> security = {};

    /// Groups, as the page shows them, and words about them. Others follow.
    std::vector<std::pair<std::string, std::string>> tags = {};

    /// Changes the document when it is made: for whatever else OpenAPI has words for.
    std::function<void(boost::json::object&)> adjust = {};
};

/// "Authorization: Bearer …". `format` is a hint for people ("JWT").
[[nodiscard]] boost::json::object bearer_scheme(std::string_view format = {});
/// "Authorization: Basic …".
[[nodiscard]] boost::json::object basic_scheme();
/// A key in a header field.
[[nodiscard]] boost::json::object api_key_scheme(std::string_view header);

/// The OpenAPI 3.1 document of these routes: paths, parameters, bodies, answers and the schemas
/// that they refer to, by what their notes say. The same routes make the same document, byte for
/// byte. Routes for any method, and those noted `undocumented`, are left out.
[[nodiscard]] boost::json::object openapi_document(const std::vector<const route*>& routes,
                                                   const openapi_info& info);

/// The same for all routes of a router, which is frozen.
[[nodiscard]] boost::json::object openapi_document(const router& of, const openapi_info& info);

}  // namespace cohort::http
