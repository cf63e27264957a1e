#pragma once

#include <cohort/http/openapi/notes.hpp>
#include <cohort/schema/mistake.hpp>

#include <boost/json/array.hpp>

namespace cohort::http {

/// What is wrong with a request, from all its parts, for one answer. A value.
class complaints {
public:
    /// Malformed JSON is refused at once: throws a refusal with 400, line and column.
    void add(place where, const schema::mistakes& found);

    /// Throws a refusal with 422 and all of them as `errors`, if there are any. Each has `pointer`
    /// (a JSON Pointer into the body), or `parameter` and `in`; then `keyword`, `limit` if there is
    /// one, and `detail`.
    void refuse_if_any();

private:
    boost::json::array errors_;
    bool more_ = false;
};

}  // namespace cohort::http
