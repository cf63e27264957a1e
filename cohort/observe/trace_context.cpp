#include <cohort/observe/trace_context.hpp>

#include <cohort/base/random.hpp>
#include <cohort/observe/detail/header_words.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace cohort::observe {

namespace {

using detail::is_small_or_digit;
using detail::trim;

/// Small digits only: capital ones are malformed here.
std::optional<std::uint64_t> read_hex(std::string_view digits) noexcept
{
    std::uint64_t value = 0;
    for (const char c : digits) {
        const bool letter = c >= 'a' && c <= 'f';
        if (!letter && (c < '0' || c > '9'))
            return std::nullopt;
        value = value << 4 | static_cast<std::uint64_t>(letter ? c - 'a' + 10 : c - '0');
    }
    return value;
}

void append_digits(std::string& out, std::uint64_t value, unsigned digits)
{
    constexpr std::string_view all = "0123456789abcdef";
    std::array<char, 16> into;
    for (unsigned i = 0; i < digits; ++i)
        into[i] = all[value >> (4 * (digits - 1 - i)) & 0xf];
    out.append(into.data(), digits);
}

bool is_key(std::string_view key) noexcept
{
    constexpr std::size_t bytes_max = 256;
    return !key.empty() && key.size() <= bytes_max && is_small_or_digit(key.front()) &&
           std::ranges::all_of(key, [](char c) {
               return is_small_or_digit(c) || std::string_view{"_-*/@"}.contains(c);
           });
}

bool is_value(std::string_view value) noexcept
{
    constexpr std::size_t bytes_max = 256;
    return !value.empty() && value.size() <= bytes_max && value.back() != ' ' &&
           std::ranges::all_of(value,
                               [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

struct member {
    std::string_view key;
    std::string_view whole;
};

std::optional<std::vector<member>> read_members(std::string_view text)
{
    std::vector<member> members;
    while (!text.empty()) {
        const std::string_view whole = trim(detail::cut(text, ','));
        if (whole.empty())
            continue;
        std::string_view rest = whole;
        const std::string_view key = detail::cut(rest, '=');
        const bool again =
            std::ranges::any_of(members, [&](const member& each) { return each.key == key; });
        if (!is_key(key) || !is_value(rest) || again || members.size() == tracestate_members_max)
            return std::nullopt;
        members.push_back({key, whole});
    }
    return members;
}

std::size_t bytes_of(const std::vector<member>& members) noexcept
{
    std::size_t bytes = members.empty() ? 0 : members.size() - 1;
    for (const member& each : members)
        bytes += each.whole.size();
    return bytes;
}

/// Source: Trace Context, 3.3.1.5.
void shorten(std::vector<member>& members)
{
    constexpr std::size_t long_member = 128;
    while (bytes_of(members) > tracestate_bytes_max) {
        const auto large = std::ranges::find_if(
            members, [](const member& each) { return each.whole.size() > long_member; });
        members.erase(large == members.end() ? members.end() - 1 : large);
    }
}

}  // namespace

trace_id fresh_trace_id() noexcept
{
    random_source& dice = random_source::of_this_thread();
    for (;;) {
        if (const trace_id drawn{dice.next(), dice.next()}; drawn.valid())
            return drawn;
    }
}

span_id fresh_span_id() noexcept
{
    for (;;) {
        if (const span_id drawn{random_source::of_this_thread().next()}; drawn.valid())
            return drawn;
    }
}

void append_hex(std::string& out, const trace_id& id)
{
    append_digits(out, id.high, 16);
    append_digits(out, id.low, 16);
}

void append_hex(std::string& out, span_id id) { append_digits(out, id.value, 16); }

std::string text(const trace_id& id)
{
    std::string out;
    append_hex(out, id);
    return out;
}

std::string text(span_id id)
{
    std::string out;
    append_hex(out, id);
    return out;
}

std::string trace_context::traceparent() const
{
    std::string out = "00-";
    append_hex(out, trace);
    out += '-';
    append_hex(out, span);
    out += '-';
    append_digits(out, flags & (flag_sampled | flag_random), 2);
    return out;
}

std::optional<trace_context> parse_traceparent(std::string_view text) noexcept
{
    constexpr std::size_t known_bytes = 55;
    if (text.size() < known_bytes || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return std::nullopt;
    const auto version = read_hex(text.substr(0, 2));
    const auto high = read_hex(text.substr(3, 16));
    const auto low = read_hex(text.substr(19, 16));
    const auto span = read_hex(text.substr(36, 16));
    const auto flags = read_hex(text.substr(53, 2));
    if (!version || !high || !low || !span || !flags || *version == 0xff)
        return std::nullopt;
    const bool longer = text.size() > known_bytes;
    if (longer && (*version == 0 || text[known_bytes] != '-'))
        return std::nullopt;
    trace_context found;
    found.trace = {*high, *low};
    found.span = {*span};
    found.flags = static_cast<std::uint8_t>(*flags);
    if (!found.valid())
        return std::nullopt;
    return found;
}

std::optional<std::string> checked_tracestate(std::string_view text)
{
    auto members = read_members(text);
    if (!members)
        return std::nullopt;
    shorten(*members);
    std::string out;
    for (const member& each : *members) {
        if (!out.empty())
            out += ',';
        out += each.whole;
    }
    return out;
}

}  // namespace cohort::observe
