#pragma once

#include <cohort/http/detail/openapi_paths.hpp>
#include <cohort/http/route.hpp>
#include <cohort/schema/describer.hpp>

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace cohort::http::detail {

/// "get_files_rest".
[[nodiscard]] std::string operation_name(const route& of);

/// What an operation is told by the document around it.
struct operation_setting {
    std::string name;  ///< operationId.
    std::vector<openapi_path_parameter> path;
    std::vector<std::string> schemes;  ///< All security schemes there are.
};

/// One route as an Operation Object. Schemas it refers to go to `by`.
[[nodiscard]] boost::json::object openapi_operation(const route& of, const operation_setting& where,
                                                    schema::describer& by);

}  // namespace cohort::http::detail
