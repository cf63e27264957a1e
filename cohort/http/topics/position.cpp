#include <cohort/http/topics/position.hpp>

#include <cohort/base/parse.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace cohort::http {

namespace {

constexpr std::size_t cohort_digits = 8;

bool is_hexadecimal(char digit) noexcept
{
    return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
}

}  // namespace

std::string position::text() const { return fmt::format("{:08x}-{}", cohort, id); }

std::optional<position> position::parse(std::string_view text) noexcept
{
    if (text.size() < cohort_digits + 2 || text[cohort_digits] != '-')
        return std::nullopt;
    const std::string_view who = text.substr(0, cohort_digits);
    const std::string_view number = text.substr(cohort_digits + 1);
    if (!std::ranges::all_of(who, is_hexadecimal))
        return std::nullopt;
    if (number.size() > 1 && number.front() == '0')
        return std::nullopt;
    const auto id = parse_integer<std::uint64_t>(number);
    if (!id)
        return std::nullopt;
    position found;
    found.id = *id;
    std::from_chars(who.data(), who.data() + who.size(), found.cohort, 16);
    return found;
}

}  // namespace cohort::http
