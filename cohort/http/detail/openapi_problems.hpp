#pragma once

#include <cohort/schema/describer.hpp>

#include <boost/json/object.hpp>

#include <string_view>

namespace cohort::http::detail {

/// The answers with problem documents that operations refer to: components.responses. Before
/// everything else, so that their schemas get the names they want.
[[nodiscard]] boost::json::object problem_answers(schema::describer& by);

/// {"$ref": …} to what every one of them has.
[[nodiscard]] boost::json::object problem_schema();

/// {"$ref": …} to one of them, with words of its own if there are any.
[[nodiscard]] boost::json::object problem_answer(std::string_view name,
                                                 std::string_view about = {});

}  // namespace cohort::http::detail
