#pragma once

#include <cohort/http/request.hpp>

#include <boost/json/object.hpp>

#include <memory>
#include <string>
#include <vector>

namespace cohort::http {

/// Who asks, once that is proven: attached to the request by authenticated(), or by your own login.
/// A value.
struct subject {
    std::string id;
    std::vector<std::string> roles = {};
    /// Of a token; null otherwise. Shared: subjects are copied, claims are not.
    std::shared_ptr<const boost::json::object> claims = {};
};

/// Who asks. Throws a refusal with 401 if nobody has proven who that is.
[[nodiscard]] const subject& subject_of(const request& of);

}  // namespace cohort::http
