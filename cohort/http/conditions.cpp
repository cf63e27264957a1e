#include <cohort/http/conditions.hpp>

#include <cohort/crypto/hex.hpp>
#include <cohort/crypto/sha256.hpp>
#include <cohort/http/date.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/problem.hpp>

#include <fmt/format.h>

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

bool equal(std::string_view a, std::string_view b, tag_strength how) noexcept
{
    if (how == tag_strength::strong)
        return a == b && !a.starts_with("W/");
    if (a.starts_with("W/"))
        a.remove_prefix(2);
    if (b.starts_with("W/"))
        b.remove_prefix(2);
    return a == b;
}

bool listed_in_any(const request& of, std::string_view field, std::string_view tag,
                   tag_strength how)
{
    return std::ranges::any_of(of.headers(field),
                               [&](std::string_view list) { return tag_listed(list, tag, how); });
}

std::optional<std::int64_t> date_in(const request& of, std::string_view field) noexcept
{
    const auto text = of.header(field);
    return text ? parse_date(*text) : std::nullopt;
}

bool reads(method verb) noexcept { return verb == method::get || verb == method::head; }

}  // namespace

bool tag_listed(std::string_view list, std::string_view tag, tag_strength how) noexcept
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
        const std::string_view each = list.substr(0, close + 1);
        if (!is_tag(each))
            return false;
        if (equal(each, tag, how))
            return true;
        list = trim(list.substr(close + 1));
        if (!list.empty() && !list.starts_with(','))
            return false;
    }
}

condition_outcome weigh(const request& of, const resource_state& now)
{
    if (of.header("If-Match")) {
        if (!listed_in_any(of, "If-Match", now.tag, tag_strength::strong))
            return condition_outcome::failed;
    } else if (const auto since = date_in(of, "If-Unmodified-Since")) {
        if (now.modified && *now.modified > *since)
            return condition_outcome::failed;
    }
    if (of.header("If-None-Match")) {
        if (listed_in_any(of, "If-None-Match", now.tag, tag_strength::weak))
            return reads(of.method()) ? condition_outcome::not_modified : condition_outcome::failed;
    } else if (const auto since = date_in(of, "If-Modified-Since"); since && reads(of.method())) {
        if (now.modified && *now.modified <= *since)
            return condition_outcome::not_modified;
    }
    return condition_outcome::met;
}

bool range_applies(const request& of, const resource_state& now)
{
    const auto field = of.header("If-Range");
    if (!field)
        return true;
    // A date is a second wide, and nothing tells that a resource changed only once in it: it is
    // weak, and a weak validator fails (RFC 9110, 13.1.5). All of it goes out then, which is never
    // wrong.
    return is_tag(*field) && equal(*field, now.tag, tag_strength::strong);
}

void refuse_if_changed(const request& of, const resource_state& now)
{
    if (weigh(of, now) == condition_outcome::failed)
        throw refusal{412}.detail("it is not what you have seen any more");
}

void expect_unchanged(const request& of, const resource_state& now)
{
    if (!of.header("If-Match") && !of.header("If-Unmodified-Since"))
        throw refusal{428}.detail("say which version you have seen: If-Match");
    refuse_if_changed(of, now);
}

std::string tag_of(std::string_view bytes)
{
    const crypto::digest sum = crypto::sha256(bytes);
    return fmt::format("\"{}\"", crypto::to_hex(sum.view().substr(0, 16)));
}

}  // namespace cohort::http
