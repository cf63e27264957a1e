#include <cohort/http/detail/lane_span.hpp>

#include <cohort/http/request_serial.hpp>

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

lane_visit::lane_visit(const request& of) noexcept
    : of_{traced_of(of)}
{
    if (of_ != nullptr)
        of_->lane.event("runs");
}

lane_visit::~lane_visit()
{
    if (of_ != nullptr)
        of_->lane.end();
}

}  // namespace cohort::http::detail
