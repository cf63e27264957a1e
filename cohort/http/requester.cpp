#include <cohort/http/requester.hpp>

#include <cohort/http/tls/facts.hpp>

namespace cohort::http {

scheme scheme_of(const request& of) noexcept
{
    if (const requester* known = of.attached<requester>())
        return known->scheme;
    return of.attached<tls::secured>() != nullptr ? scheme::https : scheme::http;
}

std::string_view host_of(const request& of) noexcept
{
    const requester* known = of.attached<requester>();
    return known != nullptr ? known->host : of.host();
}

requester requester_of(const request& of)
{
    if (const requester* known = of.attached<requester>())
        return *known;
    const peer& who = of.peer();
    return {.address = who.ip(), .port = who.port(), .scheme = scheme_of(of), .host = of.host()};
}

}  // namespace cohort::http
