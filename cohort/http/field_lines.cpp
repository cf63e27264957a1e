#include <cohort/http/field_lines.hpp>

#include <cohort/base/append.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/grammar.hpp>

#include <functional>

namespace cohort::http {

namespace {

/// At once what an answer mostly needs: lines that grow are copied again and again.
constexpr std::size_t usual_room = 192;

/// A number below 256 that does not depend on the case of the letters.
unsigned number_of(std::string_view name) noexcept
{
    const auto first = static_cast<unsigned char>(name.front());
    const auto last = static_cast<unsigned char>(name.back());
    const auto middle = static_cast<unsigned char>(name[name.size() / 2]);
    const unsigned sum = (first & 0x1fU) * 37 + (middle & 0x1fU) * 101 + (last & 0x1fU) * 11;
    return (sum + static_cast<unsigned>(name.size()) * 29) & 0xffU;
}

}  // namespace

void field_lines::name_set::add(std::string_view name) noexcept
{
    const unsigned number = number_of(name);
    bits_[number / 64] |= std::uint64_t{1} << (number % 64);
}

void field_lines::name_set::add(const name_set& more) noexcept
{
    for (std::size_t i = 0; i < bits_.size(); ++i)
        bits_[i] |= more.bits_[i];
}

bool field_lines::name_set::may_have(std::string_view name) const noexcept
{
    if (name.empty())
        return false;
    const unsigned number = number_of(name);
    return (bits_[number / 64] >> (number % 64) & 1U) != 0;
}

bool field_lines::name_set::is_disjoint(const name_set& other) const noexcept
{
    std::uint64_t both = 0;
    for (std::size_t i = 0; i < bits_.size(); ++i)
        both |= bits_[i] & other.bits_[i];
    return both == 0;
}

void field_lines::add(const field_lines& more)
{
    lines_.reserve(lines_.size() + more.lines_.size() + usual_room);
    lines_ += more.lines_;
    names_.add(more.names_);
}

bool field_lines::is_disjoint(const field_lines& other) const noexcept
{
    return names_.is_disjoint(other.names_);
}

void field_lines::add(std::string_view name, std::string_view value)
{
    if (!is_token(name))
        throw failure{fault(errc::bad_value, "set header with the name", std::string{name})};
    if (!is_field_value(value))
        throw failure{fault(errc::bad_value, "set header (the value has control characters)",
                            std::string{name})};
    // Put together first where `value` may be a part of lines_, which is about to move.
    const char* const begin = lines_.data();
    const std::less<const char*> before;
    if (!before(value.data(), begin) && before(value.data(), begin + lines_.size())) {
        append(name, std::string{value});
        return;
    }
    append(name, value);
}

void field_lines::append(std::string_view name, std::string_view value)
{
    names_.add(name);
    if (lines_.empty())
        lines_.reserve(usual_room);
    append_by(lines_, name.size() + value.size() + 4, [name, value](char* to) {
        to = put(to, name);
        *to++ = ':';
        *to++ = ' ';
        to = put(to, value);
        *to++ = '\r';
        *to++ = '\n';
        return to;
    });
}

void field_lines::set(std::string_view name, std::string_view value)
{
    // Checked and added first: a refused value leaves the old one in place.
    const bool is_there = seek(name, 0).has_value();
    const std::size_t known = lines_.size();
    add(name, value);
    if (!is_there)
        return;
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
    if (!names_.may_have(name))
        return std::nullopt;
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
