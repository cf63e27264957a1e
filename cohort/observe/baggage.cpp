#include <cohort/observe/baggage.hpp>

#include <cohort/observe/detail/header_words.hpp>

#include <algorithm>
#include <utility>

namespace cohort::observe {

namespace {

using detail::cut;
using detail::trim;

bool is_token(std::string_view text) noexcept
{
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return detail::is_small_or_digit(c) || (c >= 'A' && c <= 'Z') ||
               std::string_view{"!#$%&'*+-.^_`|~"}.contains(c);
    });
}

/// What may stand in a value as it is: no controls, white space, DQUOTE, comma, semicolon,
/// backslash.
bool is_octet(char c) noexcept
{
    return c > ' ' && c <= '~' && !std::string_view{"\",;\\"}.contains(c);
}

int digit(char c) noexcept
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char small = static_cast<char>(c | 0x20);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::optional<std::string> decode(std::string_view text)
{
    std::string out;
    for (; !text.empty(); text.remove_prefix(1)) {
        if (!is_octet(text.front()))
            return std::nullopt;
        if (text.front() != '%') {
            out += text.front();
            continue;
        }
        if (text.size() < 3 || digit(text[1]) < 0 || digit(text[2]) < 0)
            return std::nullopt;
        out += static_cast<char>(digit(text[1]) * 16 + digit(text[2]));
        text.remove_prefix(2);
    }
    return out;
}

void encode(std::string& out, std::string_view value)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : value) {
        if (is_octet(c) && c != '%') {
            out += c;
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        out += '%';
        out += digits[octet >> 4];
        out += digits[octet & 0xf];
    }
}

/// Properties, without the spaces around their signs; nothing: one is malformed.
std::optional<std::string> checked_properties(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        std::string_view value = cut(text, ';');
        const bool has_value = value.contains('=');
        const std::string_view key = trim(cut(value, '='));
        value = trim(value);
        if (!is_token(key) || !std::ranges::all_of(value, is_octet))
            return std::nullopt;
        if (!out.empty())
            out += ';';
        out += key;
        if (has_value)
            (out += '=') += value;
    }
    return out;
}

/// As it is sent, with its signs.
std::size_t bytes_of(const baggage::member& one) noexcept
{
    std::size_t bytes = one.key.size() + one.properties.size() + 3;
    for (const char c : one.value)
        bytes += is_octet(c) && c != '%' ? 1 : 3;
    return bytes;
}

}  // namespace

std::optional<baggage> baggage::parse(std::string_view text)
{
    baggage found;
    if (text.size() > bytes_max)
        return std::nullopt;
    while (!text.empty()) {
        std::string_view rest = trim(cut(text, ','));
        if (rest.empty())
            continue;
        std::string_view pair = cut(rest, ';');
        if (!pair.contains('='))
            return std::nullopt;
        const std::string_view key = trim(cut(pair, '='));
        auto value = decode(trim(pair));
        auto properties = checked_properties(rest);
        if (!is_token(key) || !value || !properties)
            return std::nullopt;
        if (!found.put({std::string{key}, *std::move(value), *std::move(properties)}))
            return std::nullopt;
    }
    return found;
}

std::string baggage::text() const
{
    std::string out;
    for (const member& each : members_) {
        if (!out.empty())
            out += ',';
        (out += each.key) += '=';
        encode(out, each.value);
        if (!each.properties.empty())
            (out += ';') += each.properties;
    }
    return out;
}

std::optional<std::string_view> baggage::find(std::string_view key) const noexcept
{
    const auto found = std::ranges::find(members_, key, &member::key);
    if (found == members_.end())
        return std::nullopt;
    return found->value;
}

bool baggage::set(std::string_view key, std::string_view value)
{
    return is_token(key) && put({std::string{key}, std::string{value}, {}});
}

void baggage::erase(std::string_view key) noexcept
{
    const auto found = std::ranges::find(members_, key, &member::key);
    if (found == members_.end())
        return;
    bytes_ -= bytes_of(*found);
    members_.erase(found);
}

bool baggage::put(member one)
{
    const auto same = std::ranges::find(members_, one.key, &member::key);
    const bool is_new = same == members_.end();
    const std::size_t bytes = bytes_ + bytes_of(one) - (is_new ? 0 : bytes_of(*same));
    if ((is_new && members_.size() == members_max) || bytes > bytes_max)
        return false;
    bytes_ = bytes;
    if (is_new)
        members_.push_back(std::move(one));
    else
        *same = std::move(one);
    return true;
}

std::optional<std::vector<baggage::member>> parse_pairs(std::string_view text)
{
    std::vector<baggage::member> pairs;
    while (!text.empty()) {
        std::string_view pair = trim(cut(text, ','));
        if (pair.empty())
            continue;
        const bool whole = pair.contains('=');
        auto key = decode(trim(cut(pair, '=')));
        // Values of real variables have spaces in them: "Authorization=Basic abc".
        std::string encoded;
        for (const char c : trim(pair))
            c == ' ' ? encoded += "%20" : encoded += c;
        auto value = decode(encoded);
        if (!whole || !key || key->empty() || !value || pairs.size() == baggage::members_max)
            return std::nullopt;
        pairs.push_back({*std::move(key), *std::move(value), {}});
    }
    return pairs;
}

}  // namespace cohort::observe
