#include <cohort/http/detail/handler_span.hpp>

#include <cohort/http/request_serial.hpp>

#include <exception>

namespace cohort::http::detail {

namespace {

const traced* traced_of(const request& of) noexcept
{
    return request_serial::wanted() ? of.attached<traced>() : nullptr;  // else nobody has tracing()
}

}  // namespace

void lane_awaited(const request& of)
{
    const traced* const mine = traced_of(of);
    if (mine != nullptr && mine->span.context().sampled())
        mine->lane = mine->span.child("compute lane");
}

handler_visit::handler_visit(const request& of) noexcept
    : of_{traced_of(of)}
{
    if (of_ == nullptr)
        return;
    try {
        if (of_->lane.runs())
            of_->lane.event("runs");
        if (of_->has_handler_span && of_->span.context().sampled())
            own_ = (of_->lane.runs() ? of_->lane : of_->span).child("handler");
    } catch (const std::exception&) {
        return;  // no memory: the request matters more than what is said of it
    }
}

handler_visit::~handler_visit()
{
    own_.reset();
    if (of_ != nullptr)
        of_->lane.end();
}

void handler_visit::answered(const response& by)
{
    if (own_ && by.status() >= 500)
        own_->fail("");
}

}  // namespace cohort::http::detail
