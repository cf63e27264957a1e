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

struct entity_tag {
    std::string_view opaque;  // with its quotation marks
    bool weak = false;
};

/// Cuts a tag off the front. Its octets are no quoted string's: a backslash is a backslash.
std::optional<entity_tag> take_tag(std::string_view& text) noexcept
{
    entity_tag tag{.opaque = {}, .weak = text.starts_with("W/")};
    if (tag.weak)
        text.remove_prefix(2);
    const std::size_t end = text.starts_with('"') ? text.find('"', 1) : text.npos;
    if (end == text.npos)
        return std::nullopt;
    tag.opaque = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    return tag;
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
    const auto wanted = take_tag(tag);
    if (!wanted || (wanted->weak && how == tag_strength::strong))
        return false;
    while (!list.empty()) {
        if (list.front() == ',' || list.front() == ' ' || list.front() == '\t') {
            list.remove_prefix(1);
            continue;
        }
        const auto each = take_tag(list);
        if (!each)
            return false;
        const bool comparable = how == tag_strength::weak || !each->weak;
        if (comparable && each->opaque == wanted->opaque)
            return true;
    }
    return false;
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
