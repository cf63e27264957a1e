#include <cohort/http/detail/limits_met.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/grammar.hpp>

namespace cohort::http::detail {

namespace {

constexpr std::size_t name_bytes_max = 64;

}  // namespace

void check_limit_name(std::string_view name)
{
    if (!is_plain_name(name, name_bytes_max))
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
