#include <cohort/http/validation/complaints.hpp>

#include <cohort/http/problem.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace cohort::http {

namespace {

std::string_view name_of(place where) noexcept
{
    switch (where) {
        case place::path:
            return "path";
        case place::query:
            return "query";
        case place::header:
            return "header";
        case place::body:
            break;
    }
    return "body";
}

}  // namespace

void complaints::add(place where, const schema::mistakes& found)
{
    if (found.syntax) {
        const schema::syntax_mistake& mistake = *found.syntax;
        throw refusal{400, "Malformed JSON"}
            .detail(
                fmt::format("{} at line {}, column {}", mistake.what, mistake.line, mistake.column))
            .member("offset", mistake.offset)
            .member("line", mistake.line)
            .member("column", mistake.column);
    }
    for (const schema::mistake& each : found.all) {
        boost::json::object error;
        if (where == place::body) {
            error["pointer"] = each.pointer;
        } else {
            error["parameter"] = schema::first_segment(each.pointer);
            error["in"] = name_of(where);
        }
        error["keyword"] = each.keyword;
        if (!each.limit.empty())
            error["limit"] = boost::json::parse(each.limit);
        error["detail"] = each.message;
        errors_.emplace_back(std::move(error));
    }
    more_ = more_ || found.more;
}

void complaints::refuse_if_any()
{
    if (errors_.empty())
        return;
    const bool one = errors_.size() == 1 && !more_;
    refusal refused{422};
    refused.detail(one ? "one thing in the request is not as it should be"
                       : fmt::format("{} things in the request are not as they should be{}",
                                     errors_.size(), more_ ? ", and more" : ""));
    refused.member("errors", std::move(errors_));
    if (more_)
        refused.member("more", true);
    throw refused;
}

}  // namespace cohort::http
