#include <cohort/http/escape.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/percent.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>

namespace cohort::http {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD, for NUL

bool is_plain(char c) noexcept
{
    const bool letter = lower(c) >= 'a' && lower(c) <= 'z';
    return letter || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

void append_hex(std::string& out, char c)
{
    constexpr std::string_view digits = "0123456789abcdef";
    const auto octet = static_cast<unsigned char>(c);
    out.push_back(digits[octet >> 4]);
    out.push_back(digits[octet & 15]);
}

/// U+2028 or U+2029 at the front, which end lines in scripts of before 2019.
bool is_line_separator(std::string_view text) noexcept
{
    return text.starts_with("\xe2\x80\xa8") || text.starts_with("\xe2\x80\xa9");
}

std::string for_text(std::string_view raw)
{
    std::string out;
    out.reserve(raw.size() + raw.size() / 8);
    for (const char c : raw) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            case '\0':
                out += replacement;
                break;
            default:
                out.push_back(c);
        }
    }
    return out;
}

/// All but letters and digits, so that it holds where the quotation marks were forgotten.
std::string for_attribute(std::string_view raw)
{
    std::string out;
    out.reserve(raw.size() + raw.size() / 4);
    for (const char c : raw) {
        if (is_plain(c) || c == '-' || c == '.' || c == '_') {
            out.push_back(c);
        } else if (c == '\0') {
            out += replacement;
        } else {
            out += "&#x";
            append_hex(out, c);
            out += ';';
        }
    }
    return out;
}

std::string for_script(std::string_view raw)
{
    constexpr std::string_view harmless = " -._,";
    std::string out;
    out.reserve(raw.size() + raw.size() / 4);
    for (std::size_t at = 0; at < raw.size(); ++at) {
        if (is_line_separator(raw.substr(at))) {
            out += raw[at + 2] == '\xa8' ? "\\u2028" : "\\u2029";
            at += 2;
        } else if (is_plain(raw[at]) || harmless.find(raw[at]) != harmless.npos) {
            out.push_back(raw[at]);
        } else {
            out += "\\x";
            append_hex(out, raw[at]);
        }
    }
    return out;
}

std::string for_style(std::string_view raw)
{
    std::string out;
    out.reserve(raw.size() + raw.size() / 4);
    for (const char c : raw) {
        if (is_plain(c)) {
            out.push_back(c);
        } else if (c == '\0') {
            out += replacement;
        } else {
            // The space ends the escape and is part of it.
            out.push_back('\\');
            append_hex(out, c);
            out.push_back(' ');
        }
    }
    return out;
}

std::string for_json(std::string_view document)
{
    std::string out;
    out.reserve(document.size() + document.size() / 16);
    for (std::size_t at = 0; at < document.size(); ++at) {
        const char c = document[at];
        if (is_line_separator(document.substr(at))) {
            out += document[at + 2] == '\xa8' ? "\\u2028" : "\\u2029";
            at += 2;
        } else if (c == '<' || c == '>' || c == '&') {
            // Outside of strings JSON has none of these.
            out += "\\u00";
            append_hex(out, c);
        } else {
            out.push_back(c);
        }
    }
    return out;
}

/// Browsers drop tabs and line ends, and leading control characters, before they look for a scheme.
bool is_safe_link(std::string_view url) noexcept
{
    const auto strange = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
    if (std::ranges::any_of(url, strange))
        return false;
    const std::size_t colon = url.find(':');
    if (colon == url.npos || url.find_first_of("/?#") < colon)
        return !url.starts_with("//") && url.find('\\') == url.npos;
    const auto scheme = url.substr(0, colon);
    constexpr std::array<std::string_view, 3> known{"http", "https", "mailto"};
    return std::ranges::any_of(
        known, [&](std::string_view each) { return equal_ignoring_case(scheme, each); });
}

std::string checked_json(std::string_view document)
{
    if (const auto read = parse_json(document); !read)
        throw failure{fault(errc::malformed, "put into a page as JSON", read.error().what)};
    return for_json(document);
}

}  // namespace

html_text::html_text(std::string_view raw)
    : encoded{for_text(raw)}
{}

attribute::attribute(std::string_view raw)
    : encoded{for_attribute(raw)}
{}

safe_link::safe_link(std::string_view url)
    : encoded{is_safe_link(url) ? for_attribute(url) : "about:invalid"}
{}

js_string::js_string(std::string_view raw)
    : encoded{for_script(raw)}
{}

css_string::css_string(std::string_view raw)
    : encoded{for_style(raw)}
{}

url_component::url_component(std::string_view raw)
    : encoded{percent_encode(raw)}
{}

json_in_html::json_in_html(const boost::json::value& document)
    : encoded{for_json(boost::json::serialize(document))}
{}

json_in_html::json_in_html(std::string_view document)
    : encoded{checked_json(document)}
{}

}  // namespace cohort::http
