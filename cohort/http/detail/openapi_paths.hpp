#pragma once

#include <cohort/http/method.hpp>
#include <cohort/http/route.hpp>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http::detail {

/// A parameter of a path, as a document has it.
struct openapi_path_parameter {
    std::string name;
    std::string ours;   ///< The pattern's name for it; empty: it is only there for the document.
    std::string about;  ///< May be empty.
    bool tail = false;  ///< It may have slashes.
};

/// Where an operation stands in a document.
struct openapi_place {
    std::string path;
    std::vector<openapi_path_parameter> parameters;
};

/// Gives routes their paths in a document. To OpenAPI, paths that differ in the names of their
/// parameters alone are one path, and {rest...} is a parameter like others: "/x/{id}",
/// "/x/{name}" and "/x/{rest...}" share one key and its names. Where a method is there already, a
/// tail is written one segment longer, "/x/{rest_1}/{rest}": what it takes that "/x/{id}" does not.
/// A resource, one for each document.
class openapi_paths {
public:
    /// Tails come after all others.
    [[nodiscard]] openapi_place place(const route& of);

private:
    struct seat {
        std::vector<std::string> names;
        std::set<method> methods;
    };
    std::map<std::string, seat> seats_;  // by the path without names
};

[[nodiscard]] bool has_tail(const route& of);

}  // namespace cohort::http::detail
