#include <cohort/cli/calm.hpp>

#include <cohort/base/utf8.hpp>

#include <algorithm>
#include <cstddef>

namespace cohort::cli {

namespace {

/// Length of one of our own colours at the front of a text; 0: there is none.
std::size_t own_colour(std::string_view text) noexcept
{
    for (const std::string_view code : {"0", "1", "2", "31", "32", "33"}) {
        if (text.starts_with("\x1b[") && text.substr(2).starts_with(code) &&
            text.substr(2 + code.size()).starts_with('m'))
            return code.size() + 3;
    }
    return 0;
}

}  // namespace

std::string printable_lines(std::string_view text)
{
    std::string all;
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        all += printable(text.substr(0, end));
        text.remove_prefix(end);
        if (!text.empty()) {
            all += '\n';
            text.remove_prefix(1);
        }
    }
    return all;
}

std::string calm(std::string_view text)
{
    std::string all;
    while (!text.empty()) {
        const std::size_t plain = std::min(text.find_first_of("\n\x1b"), text.size());
        all += printable(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty())
            break;
        const std::size_t kept = text[0] == '\n' ? 1 : own_colour(text);
        all += kept == 0 ? std::string_view{"?"} : text.substr(0, kept);
        text.remove_prefix(std::max<std::size_t>(kept, 1));
    }
    return all;
}

}  // namespace cohort::cli
