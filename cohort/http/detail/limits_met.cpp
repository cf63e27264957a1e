#include <cohort/http/detail/limits_met.hpp>

#include <cohort/base/error.hpp>

#include <algorithm>

namespace cohort::http::detail {

namespace {

constexpr std::size_t name_bytes_max = 64;

bool may_be_in_name(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

}  // namespace

limits_met& limits_met_by(request& of)
{
    if (limits_met* const met = of.attached<limits_met>())
        return *met;
    return of.attach(limits_met{});
}

void check_limit_name(std::string_view name)
{
    if (name.empty() || name.size() > name_bytes_max || !std::ranges::all_of(name, may_be_in_name))
        throw failure{fault(errc::bad_value, "name a limit", std::string{name})};
}

limit_rule checked_rule(std::string_view name, const limit_rule::measures& given)
{
    check_limit_name(name);
    auto made = limit_rule::of(given);
    if (!made)
        throw failure{made.error()};
    return *made;
}

std::string octets_of(std::uint64_t hash)
{
    std::string octets;
    for (unsigned shift = 64; shift > 24; shift -= 8)
        octets.push_back(static_cast<char>(hash >> (shift - 8) & 0xff));
    return octets;
}

}  // namespace cohort::http::detail
