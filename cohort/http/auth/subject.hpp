#pragma once

#include <cohort/http/request.hpp>

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace cohort::http {

/// Who asks, once that is proven: attached to the request by authenticated(), or by your own login.
/// A value.
struct subject {
    std::string id;
    std::vector<std::string> roles = {};
    boost::json::object claims = {};  ///< Of a token; empty otherwise.
};

/// Who asks. Throws a refusal with 401 if nobody has proven who that is.
[[nodiscard]] const subject& subject_of(const request& of);

}  // namespace cohort::http
