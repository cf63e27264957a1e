#include <cohort/http/request_began.hpp>

namespace cohort::http {

namespace {

struct beginning {
    steady_time when;
};

}  // namespace

steady_time request_began(request& of)
{
    if (const beginning* known = of.attached<beginning>())
        return known->when;
    return of.attach(beginning{now()}).when;
}

std::optional<nanoseconds> time_since_began(const request& of)
{
    const beginning* const known = of.attached<beginning>();
    if (known == nullptr)
        return std::nullopt;
    return now() - known->when;
}

}  // namespace cohort::http
