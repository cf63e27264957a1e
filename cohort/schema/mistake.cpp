#include <cohort/schema/mistake.hpp>

#include <cohort/base/utf8.hpp>

#include <fmt/format.h>

namespace cohort::schema {

std::string mistakes::text() const
{
    if (syntax)
        return fmt::format("{} at line {}, column {}", syntax->what, syntax->line, syntax->column);
    std::string words;
    for (const mistake& each : all)
        words += fmt::format("{}{}: {}", words.empty() ? "" : "; ",
                             each.pointer.empty() ? "the document" : each.pointer, each.message);
    if (more)
        words += "; and more";
    return words;
}

std::string pointer_segment(std::string_view name)
{
    std::string out;
    out.reserve(name.size());
    for (const char c : name) {
        if (c == '~')
            out += "~0";
        else if (c == '/')
            out += "~1";
        else
            out.push_back(c);
    }
    return out;
}

std::string shortened(std::string_view text)
{
    constexpr std::size_t longest = 64;
    if (text.size() <= longest)
        return std::string{text};
    return std::string{cut_to(text, longest)} + "…";
}

std::string first_segment(std::string_view pointer)
{
    if (!pointer.empty())
        pointer.remove_prefix(1);
    pointer = pointer.substr(0, pointer.find('/'));
    std::string out;
    for (std::size_t i = 0; i < pointer.size(); ++i) {
        const bool escaped = pointer[i] == '~' && i + 1 < pointer.size();
        if (escaped)
            out.push_back(pointer[++i] == '1' ? '/' : '~');
        else
            out.push_back(pointer[i]);
    }
    return out;
}

}  // namespace cohort::schema
