#include <cohort/http/limiting/limit_key.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/auth/subject.hpp>
#include <cohort/http/requester.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace cohort::http {

namespace {

// The first letter says what it is, so that no header field can be somebody's address.
std::string address_of(const request& one, unsigned ipv6_bits)
{
    ip_address who = requester_of(one).address;
    if (!who.is_ip())
        return who.is_local() ? "local" : "nobody";
    if (who.is_v6())
        who = who.network(ipv6_bits);
    std::string key{"a"};
    for (const unsigned char octet : who.octets())
        key.push_back(static_cast<char>(octet));
    return key;
}

constexpr unsigned usual_ipv6_bits = 56;

}  // namespace

limit_key limit_key::address(unsigned ipv6_bits)
{
    if (ipv6_bits < 1 || ipv6_bits > 128)
        throw failure{
            fault(errc::bad_value, "limit by address with", "a prefix of no 1 to 128 bits")};
    return {[ipv6_bits](const request& one) { return address_of(one, ipv6_bits); }};
}

limit_key limit_key::header(std::string name)
{
    return {[name = std::move(name)](const request& one) {
        if (const auto value = one.header(name))
            return "h" + std::string{*value};
        return address_of(one, usual_ipv6_bits);
    }};
}

limit_key limit_key::user()
{
    return {[](const request& one) {
        if (const subject* who = one.attached<subject>())
            return "u" + who->id;
        return address_of(one, usual_ipv6_bits);
    }};
}

}  // namespace cohort::http
