#include <cohort/http/detail/pattern.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/http/request.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace cohort::http::detail {

namespace {

using kind = pattern_segment::kind;

bool is_name(std::string_view text) noexcept
{
    const auto letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    const auto fits = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
    return !text.empty() && letter(text.front()) && std::ranges::all_of(text, fits);
}

/// Text is written as it is decoded: "/café", not "/caf%C3%A9".
bool is_plain_text(std::string_view text) noexcept
{
    const auto fits = [](unsigned char c) { return c > 0x20 && c != 0x7f; };
    return text.find_first_of("{}%?#") == std::string_view::npos &&
           std::ranges::all_of(text, fits) && is_utf8(text);
}

std::expected<pattern_segment, std::string> parse_segment(std::string_view text)
{
    if (text.find_first_of("{}") == std::string_view::npos) {
        if (text == "." || text == "..")
            return std::unexpected(std::string{"segments . and .. never arrive"});
        if (!is_plain_text(text))
            return std::unexpected(fmt::format("`{}` has characters that need decoding", text));
        return pattern_segment{kind::text, std::string{text}};
    }
    if (!text.starts_with('{') || !text.ends_with('}'))
        return std::unexpected(std::string{"braces must enclose a whole segment"});
    std::string_view name = text.substr(1, text.size() - 2);
    const bool rest = name.ends_with("...");
    if (rest)
        name.remove_suffix(3);
    if (!is_name(name))
        return std::unexpected(fmt::format("`{}` is no name of letters, digits and _", name));
    return pattern_segment{rest ? kind::rest : kind::parameter, std::string{name}};
}

}  // namespace

std::expected<std::vector<pattern_segment>, std::string> parse_pattern(std::string_view text)
{
    if (!text.starts_with('/'))
        return std::unexpected(std::string{"a pattern begins with /"});
    std::vector<pattern_segment> segments;
    std::size_t parameters = 0;
    for (bool more = true; more;) {
        text.remove_prefix(1);
        const std::string_view word = text.substr(0, text.find('/'));
        text.remove_prefix(word.size());
        more = !text.empty();
        if (more && word.empty())
            return std::unexpected(std::string{"only the last segment may be empty"});
        auto segment = parse_segment(word);
        if (!segment)
            return std::unexpected(std::move(segment).error());
        if (segment->is == kind::rest && more)
            return std::unexpected(std::string{"{name...} must be the last segment"});
        if (segment->is != kind::text) {
            const auto same = [&](const pattern_segment& other) {
                return other.is != kind::text && other.words == segment->words;
            };
            if (std::ranges::any_of(segments, same))
                return std::unexpected(fmt::format("two parameters called `{}`", segment->words));
            if (++parameters > request::parameters_max)
                return std::unexpected(
                    fmt::format("more than {} parameters", request::parameters_max));
        }
        segments.push_back(std::move(*segment));
    }
    return segments;
}

std::string join_pattern(std::string_view prefix, std::string_view rest)
{
    if (prefix.ends_with('/') && (rest.empty() || rest.starts_with('/')))
        prefix.remove_suffix(1);
    std::string joined{prefix};
    joined += rest;
    return joined;
}

}  // namespace cohort::http::detail
