#include <cohort/http/compressible.hpp>

#include <cohort/http/grammar.hpp>

#include <algorithm>
#include <array>

namespace cohort::http {

namespace {

constexpr std::array<std::string_view, 22> types{
    "application/json",
    "application/javascript",
    "application/ecmascript",
    "application/xml",
    "application/xml-dtd",
    "application/wasm",
    "application/graphql",
    "application/rtf",
    "application/sql",
    "application/toml",
    "application/yaml",
    "application/x-yaml",
    "application/x-ndjson",
    "application/x-www-form-urlencoded",
    "application/x-protobuf",
    "application/vnd.ms-fontobject",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/x-icon",
    "image/vnd.microsoft.icon",
    "message/rfc822",
};

bool ends_ignoring_case(std::string_view text, std::string_view end) noexcept
{
    return text.size() > end.size() &&
           equal_ignoring_case(text.substr(text.size() - end.size()), end);
}

}  // namespace

bool is_compressible(std::string_view content_type) noexcept
{
    const auto type = trim(content_type.substr(0, content_type.find(';')));
    if (equal_ignoring_case(type.substr(0, 5), "text/"))
        return true;
    for (const std::string_view suffix : {"+json", "+xml", "+text", "+yaml"}) {
        if (ends_ignoring_case(type, suffix))
            return true;
    }
    return std::ranges::any_of(
        types, [type](std::string_view each) { return equal_ignoring_case(type, each); });
}

}  // namespace cohort::http
