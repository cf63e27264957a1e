#include <cohort/config/measure.hpp>

#include <cohort/base/parse.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace cohort::config {

namespace {

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

/// In the largest of `units` that gives a whole number; the units go from small to large.
template <std::size_t N>
std::string in_units(std::uint64_t count, const std::array<unit, N>& units)
{
    const unit* best = units.data();
    for (const unit& u : units) {
        if (count % u.factor == 0)
            best = &u;
    }
    return fmt::format("{}{}", count / best->factor, best->name);
}

constexpr auto times = std::to_array<unit>({
    {"ms", 1},
    {"s", 1'000},
    {"m", 60'000},
    {"h", 3'600'000},
    {"d", 86'400'000},
});
constexpr auto sizes = std::to_array<unit>({
    {"B", 1},
    {"K", 1ULL << 10},
    {"M", 1ULL << 20},
    {"G", 1ULL << 30},
    {"T", 1ULL << 40},
});
constexpr auto counts = std::to_array<unit>({{"", 1}, {"k", 1'000}, {"M", 1'000'000}});

result<std::uint64_t> parse_count(std::string_view text)
{
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_integer<std::uint64_t>(text.substr(0, digits));
    const auto found = std::ranges::find(counts, text.substr(digits), &unit::name);
    if (!number || found == counts.end() || *number > UINT64_MAX / found->factor)
        return failed(errc::bad_value, "read a number, such as 5000 or 100k, from", quoted(text));
    return *number * found->factor;
}

/// "off"; or what `parse` reads, and perhaps a jitter after it.
template <class T>
result<spread<T>> parse_spread(std::string_view text, result<T> (*parse)(std::string_view))
{
    if (text == "off")
        return spread<T>{};
    spread<T> read;
    for (const std::string_view sign : {" \u00b1", " +-"}) {
        const std::size_t at = text.find(sign);
        if (at == std::string_view::npos)
            continue;
        const auto percent = parse_percent(text.substr(at + sign.size()));
        if (!percent)
            return std::unexpected(percent.error());
        read.jitter_percent = *percent;
        text = text.substr(0, at);
        break;
    }
    const auto value = parse(text);
    if (!value)
        return std::unexpected(value.error());
    if (*value == T{})
        return failed(errc::bad_value, "read off, or more than nothing, from", quoted(text));
    read.value = *value;
    return read;
}

template <class T>
std::string text_of_spread(const spread<T>& of, const std::string& value)
{
    if (!of.on())
        return "off";
    return of.jitter_percent == 0 ? value : fmt::format("{} \u00b1{}%", value, of.jitter_percent);
}

}  // namespace

result<milliseconds> parse_time(std::string_view text)
{
    const auto read = parse_duration(text);
    if (!read)
        return failed(errc::bad_value,
                      "read a duration with its unit (us, ms, s, m, h or d), such as 30s, from",
                      quoted(text));
    return std::chrono::ceil<milliseconds>(*read);
}

std::string text_of(milliseconds time)
{
    return time.count() <= 0 ? "0" : in_units(static_cast<std::uint64_t>(time.count()), times);
}

result<std::uint64_t> parse_bytes(std::string_view text)
{
    const auto read = parse_size(text);
    const bool has_unit = !text.empty() && (text.back() > '9' || text == "0");
    if (!read || !has_unit)
        return failed(errc::bad_value,
                      "read a size with its unit (B, K, M, G or T), such as 512M, from",
                      quoted(text));
    return *read;
}

std::string text_of_bytes(std::uint64_t bytes) { return bytes == 0 ? "0" : in_units(bytes, sizes); }

result<unsigned> parse_percent(std::string_view text)
{
    const auto number = text.ends_with('%')
                            ? parse_integer<unsigned>(text.substr(0, text.size() - 1))
                            : std::nullopt;
    if (!number || *number > 100)
        return failed(errc::bad_value, "read a share with its unit, 0% to 100%, from",
                      quoted(text));
    return *number;
}

result<spread<std::uint64_t>> parse_spread_bytes(std::string_view text)
{
    return parse_spread<std::uint64_t>(text, parse_bytes);
}

result<spread<std::uint64_t>> parse_spread_count(std::string_view text)
{
    return parse_spread<std::uint64_t>(text, parse_count);
}

result<spread<milliseconds>> parse_spread_time(std::string_view text)
{
    return parse_spread<milliseconds>(text, parse_time);
}

std::string text_of_spread_bytes(const spread<std::uint64_t>& of)
{
    return text_of_spread(of, text_of_bytes(of.value));
}

std::string text_of_spread_count(const spread<std::uint64_t>& of)
{
    return text_of_spread(of, in_units(of.value, counts));
}

std::string text_of_spread_time(const spread<milliseconds>& of)
{
    return text_of_spread(of, text_of(of.value));
}

}  // namespace cohort::config
