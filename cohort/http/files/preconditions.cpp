#include <cohort/http/files/preconditions.hpp>

#include <cohort/http/date.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/request.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

bool is_tag(std::string_view text) noexcept
{
    if (text.starts_with("W/"))
        text.remove_prefix(2);
    if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"'))
        return false;
    const std::string_view inside = text.substr(1, text.size() - 2);
    return std::ranges::all_of(inside, [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet == 0x21 || (octet >= 0x23 && octet != 0x7f);
    });
}

bool equal(std::string_view a, std::string_view b, tag_comparison how) noexcept
{
    if (how == tag_comparison::strong)
        return a == b && !a.starts_with("W/");
    if (a.starts_with("W/"))
        a.remove_prefix(2);
    if (b.starts_with("W/"))
        b.remove_prefix(2);
    return a == b;
}

/// A field that may be there in several lines. Nothing: it is absent.
std::optional<bool> any_has_tag(const request& of, std::string_view name, std::string_view etag,
                                tag_comparison how)
{
    std::optional<bool> found;
    for (const std::string_view each : of.headers(name))
        found = found.value_or(false) || has_tag(each, etag, how);
    return found;
}

/// The date in a field. Nothing: absent, or no date, which counts as absent.
std::optional<std::int64_t> date_in(const request& of, std::string_view name)
{
    const auto field = of.header(name);
    return field ? parse_date(*field) : std::nullopt;
}

}  // namespace

bool has_tag(std::string_view list, std::string_view etag, tag_comparison how) noexcept
{
    if (trim(list) == "*")
        return true;
    // Not next_element(): inside a tag a backslash is a character like others.
    for (;;) {
        list.remove_prefix(std::min(list.find_first_not_of(", \t"), list.size()));
        const std::size_t open = list.find('"');
        if (open == std::string_view::npos)
            return false;
        const std::size_t close = list.find('"', open + 1);
        if (close == std::string_view::npos)
            return false;
        const std::string_view tag = list.substr(0, close + 1);
        if (!is_tag(tag))
            return false;
        if (equal(tag, etag, how))
            return true;
        list = trim(list.substr(close + 1));
        if (!list.empty() && !list.starts_with(','))
            return false;
    }
}

precondition check_preconditions(const request& of, const validators& is)
{
    if (const auto found = any_has_tag(of, "If-Match", is.etag, tag_comparison::strong)) {
        if (!*found)
            return precondition::failed;
    } else if (const auto since = date_in(of, "If-Unmodified-Since"); since && is.modified) {
        if (*is.modified > *since)
            return precondition::failed;
    }

    const bool reads = of.method() == method::get || of.method() == method::head;
    if (const auto found = any_has_tag(of, "If-None-Match", is.etag, tag_comparison::weak)) {
        if (*found)
            return reads ? precondition::not_modified : precondition::failed;
    } else if (const auto since = date_in(of, "If-Modified-Since"); since && is.modified && reads) {
        if (*is.modified <= *since)
            return precondition::not_modified;
    }
    return precondition::holds;
}

bool range_applies(const request& of, const validators& is)
{
    const auto field = of.header("If-Range");
    if (!field)
        return true;
    // A date is a second wide, and nothing tells that a file changed only once in it: it is weak,
    // and a weak validator fails (RFC 9110, 13.1.5). The whole file goes out then, which is never
    // wrong.
    return is_tag(*field) && equal(*field, is.etag, tag_comparison::strong);
}

}  // namespace cohort::http
