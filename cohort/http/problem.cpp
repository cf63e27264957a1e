#include <cohort/http/problem.hpp>

#include <cohort/http/status.hpp>

#include <boost/json/serialize.hpp>

namespace cohort::http {

response problem(unsigned status, std::string_view title, std::string_view detail,
                 boost::json::object members)
{
    boost::json::object document;
    document["title"] = title.empty() ? reason(static_cast<status_code>(status)) : title;
    document["status"] = status;
    if (!detail.empty())
        document["detail"] = detail;
    for (auto& [name, value] : members)
        document.insert_or_assign(name, std::move(value));
    return make_response(status, "application/problem+json", boost::json::serialize(document));
}

response overloaded(std::string_view detail)
{
    return problem(503, {}, detail).header("Retry-After", "1");
}

refusal::refusal(unsigned status, std::string title)
    : status_{status >= 400 && status <= 599 ? status : 500}, title_{std::move(title)}
{
    if (title_.empty())
        title_ = reason(static_cast<status_code>(status_));
}

refusal& refusal::detail(std::string words) &
{
    detail_ = std::move(words);
    return *this;
}

void refusal::add_member(std::string_view name, boost::json::value value)
{
    members_.insert_or_assign(name, std::move(value));
}

refusal& refusal::header(std::string name, std::string value) &
{
    // Refused here, where the mistake is, rather than in answer(), where nobody would catch it.
    static_cast<void>(response{}.add_header(name, value));
    headers_.emplace_back(std::move(name), std::move(value));
    return *this;
}

refusal&& refusal::header(std::string name, std::string value) &&
{
    return std::move(header(std::move(name), std::move(value)));
}

response refusal::answer() const
{
    response document = problem(status_, title_, detail_, members_);
    for (const auto& [name, value] : headers_)
        document.add_header(name, value);
    return document;
}

}  // namespace cohort::http
