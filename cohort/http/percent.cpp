#include <cohort/http/percent.hpp>

#include <cohort/base/octets.hpp>
#include <cohort/http/grammar.hpp>

#include <algorithm>
#include <cstdint>

namespace cohort::http {

namespace {

enum class plus { stays, is_space };

std::optional<std::string> decode(std::string_view text, plus rule)
{
    if (is_unescaped(text))
        return std::optional<std::string>{std::in_place, text};
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '+' && rule == plus::is_space)
            c = ' ';
        if (c == '%') {
            if (i + 2 >= text.size())
                return std::nullopt;
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0)
                return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (c == '\0')
            return std::nullopt;
        out.push_back(c);
    }
    return out;
}

}  // namespace

bool is_unescaped(std::string_view text) noexcept
{
    return !octets::any(text, [](std::uint64_t word) {
        return octets::equal(word, '%') | octets::equal(word, '+') | octets::equal(word, '\0');
    });
}

std::optional<std::string> percent_decode(std::string_view segment)
{
    return decode(segment, plus::stays);
}

std::optional<std::string> query_decode(std::string_view text)
{
    return decode(text, plus::is_space);
}

std::optional<std::string> query_value(std::string_view query, std::string_view name)
{
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const auto pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));

        const std::size_t equals = std::min(pair.find('='), pair.size());
        const auto raw_name = pair.substr(0, equals);
        if (is_unescaped(raw_name) ? raw_name == name : query_decode(raw_name) == name)
            return query_decode(pair.substr(std::min(equals + 1, pair.size())));
    }
    return std::nullopt;
}

std::string percent_encode(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const bool letter = lower(c) >= 'a' && lower(c) <= 'z';
        if (letter || is(octet_digit, c) || c == '-' || c == '.' || c == '_' || c == '~') {
            out.push_back(c);
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        out.push_back('%');
        out.push_back(digits[octet >> 4]);
        out.push_back(digits[octet & 15]);
    }
    return out;
}

}  // namespace cohort::http
