#include <cohort/http/client.hpp>

namespace cohort::http {

scheme scheme_of(const request& of) noexcept
{
    if (const client* known = of.attached<client>())
        return known->scheme;
    return of.attached<secure_transport>() != nullptr ? scheme::https : scheme::http;
}

std::string_view host_of(const request& of) noexcept
{
    const client* known = of.attached<client>();
    return known != nullptr ? known->host : of.host();
}

client client_of(const request& of)
{
    if (const client* known = of.attached<client>())
        return *known;
    const peer& who = of.peer();
    return {.address = ip_address::of(who),
            .port = who.port(),
            .scheme = scheme_of(of),
            .host = of.host()};
}

}  // namespace cohort::http
