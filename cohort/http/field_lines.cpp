#include <cohort/http/field_lines.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/grammar.hpp>

namespace cohort::http {

void field_lines::add(std::string_view name, std::string_view value)
{
    if (!is_token(name))
        throw failure{fault(errc::bad_value, "set header with the name", std::string{name})};
    if (!is_field_value(value))
        throw failure{fault(errc::bad_value, "set header (the value has control characters)",
                            std::string{name})};
    // Put together first: `value` may be a part of lines_, which is about to move.
    std::string line;
    line.reserve(name.size() + value.size() + 4);
    line.append(name).append(": ").append(value).append("\r\n");
    lines_ += line;
}

void field_lines::set(std::string_view name, std::string_view value)
{
    // Checked and added first: a refused value leaves the old one in place.
    const std::size_t known = lines_.size();
    add(name, value);
    const std::string line = lines_.substr(known);
    lines_.resize(known);
    remove(name);
    lines_ += line;
}

void field_lines::remove(std::string_view name)
{
    std::size_t from = 0;
    while (const auto line = seek(name, from)) {
        lines_.erase(line->begin, line->end - line->begin);
        from = line->begin;
    }
}

std::optional<std::string_view> field_lines::find(std::string_view name) const noexcept
{
    if (const auto line = seek(name, 0))
        return line->value;
    return std::nullopt;
}

std::vector<std::string_view> field_lines::find_all(std::string_view name) const
{
    std::vector<std::string_view> values;
    std::size_t from = 0;
    while (const auto line = seek(name, from)) {
        values.push_back(line->value);
        from = line->end;
    }
    return values;
}

auto field_lines::seek(std::string_view name, std::size_t from) const noexcept
    -> std::optional<span>
{
    const std::string_view all = lines_;
    while (from < all.size()) {
        const std::size_t colon = all.find(':', from);
        const std::size_t cr = all.find('\r', colon);
        if (equal_ignoring_case(all.substr(from, colon - from), name))
            return span{from, cr + 2, all.substr(colon + 2, cr - colon - 2)};
        from = cr + 2;
    }
    return std::nullopt;
}

}  // namespace cohort::http
