#include <cohort/http/auth/permission.hpp>

#include <cohort/http/request.hpp>
#include <cohort/http/route.hpp>

#include <algorithm>
#include <cstddef>

namespace cohort::http {

namespace {

constexpr std::size_t bytes_max = 128;

bool is_word(std::string_view word) noexcept
{
    return !word.empty() && std::ranges::all_of(word, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    });
}

/// One word or more.
bool are_words(std::string_view text) noexcept
{
    if (text.size() > bytes_max)
        return false;
    for (auto colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':')) {
        if (!is_word(text.substr(0, colon)))
            return false;
        text.remove_prefix(colon + 1);
    }
    return is_word(text);
}

}  // namespace

bool is_permission(std::string_view text) noexcept
{
    return text.find(':') != std::string_view::npos && are_words(text);
}

bool is_permission_pattern(std::string_view text) noexcept
{
    if (text == "*")
        return true;
    return text.ends_with(":*") ? are_words(text.substr(0, text.size() - 2)) : is_permission(text);
}

bool covers(std::string_view pattern, std::string_view permission) noexcept
{
    if (!pattern.ends_with('*'))
        return pattern == permission;
    return permission.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool is_for_all(const request& of) noexcept
{
    const route* const to = of.route();
    return to != nullptr && to->note<open_to_all>() != nullptr;
}

}  // namespace cohort::http
