#include <cohort/http/request_log.hpp>

#include <cohort/http/middleware/request_id.hpp>
#include <cohort/http/request_span.hpp>
#include <cohort/observe/trace_context.hpp>

#include <boost/container/static_vector.hpp>

#include <string>

namespace cohort::http {

log::logger log_of(const request& of)
{
    if (const auto* const attached = of.attached<log::logger>())
        return *attached;
    boost::container::static_vector<log::field, 5> fields{{"slot", of.slot()}};
    if (const auto* const id = of.attached<request_id>())
        fields.push_back({"request_id", id->text});
    std::string trace;
    std::string span;
    if (const auto at = trace_of(of)) {
        trace = observe::text(at->trace);
        span = observe::text(at->span);
        fields.push_back({"trace_id", trace});
        fields.push_back({"span_id", span});
    }
    if (of.attempt() > 1)
        fields.push_back({"attempt", of.attempt()});
    return log::logger{fields};
}

}  // namespace cohort::http
