#pragma once

#include <cohort/http/request.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

/// By what requests are told apart: those of one key share a limit. A value, cheap to copy.
class limit_key {
public:
    /// The client's address, as requester_of() says: put trust_proxies() further out if there is a
    /// proxy. Of IPv6 addresses the first `ipv6_bits` (1 to 128), since one client has them all.
    [[nodiscard]] static limit_key address(unsigned ipv6_bits = 56);

    /// A header field's value; without that field, the address. Whoever can invent values gets as
    /// many limits: use it behind something that checks them, as api_keys() does.
    [[nodiscard]] static limit_key header(std::string name);

    /// The id of the subject that authenticated() or your login attached; else the address.
    [[nodiscard]] static limit_key user();

    /// Your own. Nothing: the request is not counted.
    using function = std::function<std::optional<std::string>(const request&)>;
    limit_key(function of)
        : of_{std::move(of)}
    {}

    [[nodiscard]] std::optional<std::string> of(const request& one) const { return of_(one); }

private:
    function of_;
};

}  // namespace cohort::http
