#include <cohort/http/files/byte_ranges.hpp>

#include <cohort/http/grammar.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <system_error>

namespace cohort::http {

namespace {

/// A gap shorter than this costs less than the head of another part.
constexpr std::uint64_t gap_max = 80;

/// Digits only. What is larger than any body is as good as the largest number.
std::optional<std::uint64_t> parse_position(std::string_view text) noexcept
{
    if (text.empty() || !std::ranges::all_of(text, [](char c) { return is(octet_digit, c); }))
        return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (why == std::errc::result_out_of_range)
        return std::numeric_limits<std::uint64_t>::max();
    return value;
}

enum class spec { broken, unsatisfiable, good };

spec parse_spec(std::string_view text, std::uint64_t size, byte_range& into) noexcept
{
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos)
        return spec::broken;
    const auto last = parse_position(text.substr(dash + 1));
    if (dash == 0) {
        if (!last)
            return spec::broken;
        if (*last == 0 || size == 0)
            return spec::unsatisfiable;
        into = {size - std::min(*last, size), size - 1};
        return spec::good;
    }
    const auto first = parse_position(text.substr(0, dash));
    const bool open_ended = dash + 1 == text.size();
    if (!first || (!last && !open_ended) || (last && *last < *first))
        return spec::broken;
    if (*first >= size)
        return spec::unsatisfiable;
    into = {*first, std::min(last.value_or(size - 1), size - 1)};
    return spec::good;
}

bool touch(const byte_range& a, const byte_range& b) noexcept
{
    const byte_range& left = a.first <= b.first ? a : b;
    const byte_range& right = a.first <= b.first ? b : a;
    return right.first <= left.last || right.first - left.last <= gap_max;
}

void add(std::vector<byte_range>& to, byte_range one)
{
    std::size_t place = to.size();
    for (std::size_t i = 0; i < to.size();) {
        if (!touch(to[i], one)) {
            ++i;
            continue;
        }
        one = {std::min(one.first, to[i].first), std::max(one.last, to[i].last)};
        to.erase(to.begin() + static_cast<std::ptrdiff_t>(i));
        place = std::min(place, i);
        i = 0;  // having grown, it may touch one that it did not
    }
    place = std::min(place, to.size());
    to.insert(to.begin() + static_cast<std::ptrdiff_t>(place), one);
}

}  // namespace

range_choice choose_ranges(std::string_view field, std::uint64_t size)
{
    using kind = range_choice::kind;
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos || !equal_ignoring_case(field.substr(0, equals), "bytes"))
        return {kind::whole};

    range_choice choice{kind::partial};
    std::size_t count = 0;
    std::string_view rest = field.substr(equals + 1);
    for (std::string_view each = next_element(rest); !each.empty(); each = next_element(rest)) {
        byte_range one{};
        const spec read = parse_spec(each, size, one);
        if (read == spec::broken)
            return {kind::whole};
        ++count;
        if (read == spec::good && count <= byte_ranges_max)
            add(choice.ranges, one);
    }
    if (count == 0)
        return {kind::whole};
    if (choice.ranges.empty() || count > byte_ranges_max)
        return {kind::unsatisfiable};
    return choice;
}

}  // namespace cohort::http
