#pragma once

#include <cohort/http/route.hpp>
#include <cohort/schema/describer.hpp>

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace cohort::http::detail {

/// "/files/{rest...}" as OpenAPI has it: "/files/{rest}".
[[nodiscard]] std::string openapi_path(std::string_view pattern);

/// "get_files_rest".
[[nodiscard]] std::string operation_name(const route& of);

/// One route as an Operation Object, `name` its operationId. Schemas it refers to go to `by`.
[[nodiscard]] boost::json::object openapi_operation(const route& of, std::string_view name,
                                                    schema::describer& by);

/// The answers with problem documents that every operation refers to: components.responses. Before
/// everything else, so that their schemas get the names they want.
[[nodiscard]] boost::json::object problem_answers(schema::describer& by);

}  // namespace cohort::http::detail
