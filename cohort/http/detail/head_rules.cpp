#include <cohort/http/detail/head_rules.hpp>

#include <cohort/http/detail/rules.hpp>
#include <cohort/http/grammar.hpp>

#include <limits>

namespace cohort::http::detail {

const violation* head_rules::field(std::string_view name, std::string_view value,
                                   text_span value_at, head& out) noexcept
{
    // The lengths tell the fields we care about apart from nearly all others.
    switch (name.size()) {
        case 4:
            return is_word(name, "host") ? on_host(value, value_at, out) : nullptr;
        case 6:
            return is_word(name, "expect") ? on_expect(value, out) : nullptr;
        case 7:
            if (is_word(name, "upgrade"))
                note(upgrade_field);
            return nullptr;
        case 10:
            if (is_word(name, "connection"))
                on_connection(value);
            return nullptr;
        case 14:
            return is_word(name, "content-length") ? on_length(value, out) : nullptr;
        case 17:
            return is_word(name, "transfer-encoding") ? on_coding(value, out) : nullptr;
        default:
            return nullptr;
    }
}

const violation* head_rules::on_host(std::string_view value, text_span at, head& out) noexcept
{
    if (has(host))
        return &rules::host_repeated;
    note(host);
    if (!is_host_and_port(value))
        return &rules::host_invalid;
    // RFC 9112 section 3.2.2: the host of an absolute target counts, and the Host field does not.
    if (out.form != target_form::absolute)
        out.host = at;
    return nullptr;
}

const violation* head_rules::on_length(std::string_view value, head& out) noexcept
{
    // RFC 9110 section 8.6 allows "5, 5" and equal duplicates to be taken as one, or refused. A
    // client that sends them is broken, or is probing what we do: refused.
    if (has(length))
        return &rules::length_repeated;
    if (has(coding))
        return &rules::coding_with_length;
    note(length);
    if (value.empty())
        return &rules::length_invalid;

    std::uint64_t sum = 0;
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    bool overflow = false;
    for (const char c : value) {
        if (!is(octet_digit, c))
            return &rules::length_invalid;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        overflow = overflow || sum > (most - digit) / 10;
        if (!overflow)
            sum = sum * 10 + digit;
    }
    if (overflow)
        return &rules::length_overflow;
    out.content_length = sum;
    return nullptr;
}

const violation* head_rules::on_coding(std::string_view value, const head& out) noexcept
{
    // RFC 9112 section 6.1: such a message counts as badly framed.
    if (out.minor_version == 0)
        return &rules::coding_old_version;
    if (has(length))
        return &rules::coding_with_length;
    note(coding);

    for (auto element = next_element(value); !element.empty(); element = next_element(value)) {
        const std::size_t name_end = element.find_first_of(" \t;");
        const auto name = element.substr(0, name_end);
        if (!is_token(name))
            return &rules::coding_malformed;
        const bool is_chunked = equal_ignoring_case(name, "chunked");
        if (has(chunked))
            return is_chunked ? &rules::coding_repeated : &rules::coding_not_final;
        if (name_end != std::string_view::npos && !trim(element.substr(name_end)).starts_with(';'))
            return &rules::coding_malformed;
        if (is_chunked && name_end != std::string_view::npos)
            return &rules::coding_parameters;
        note(is_chunked ? chunked : other_coding);
    }
    return nullptr;
}

const violation* head_rules::on_expect(std::string_view value, const head& out) noexcept
{
    // RFC 9110 section 10.1.1: HTTP/1.0 clients do not wait, whatever they say.
    if (out.minor_version == 0)
        return nullptr;
    for (auto element = next_element(value); !element.empty(); element = next_element(value)) {
        if (!equal_ignoring_case(element, "100-continue"))
            return &rules::expect_unknown;
        note(expectation);
    }
    return nullptr;
}

void head_rules::on_connection(std::string_view value) noexcept
{
    if (is_word(value, "keep-alive"))  // what nearly everyone sends who sends anything
        return note(keep_alive);
    for (auto element = next_element(value); !element.empty(); element = next_element(value)) {
        if (is_word(element, "keep-alive"))
            note(keep_alive);
        else if (is_word(element, "close"))
            note(close);
        else if (is_word(element, "upgrade"))
            note(upgrade_option);
    }
}

const violation* head_rules::finish(head& out) const noexcept
{
    const bool modern = out.minor_version > 0;
    if (modern && !has(host))
        return &rules::host_missing;
    if (has(coding)) {
        if (!has(chunked) && !has(other_coding))
            return &rules::coding_malformed;  // only commas, or nothing at all
        if (!has(chunked))
            return &rules::coding_not_final;
        if (has(other_coding))
            return &rules::coding_unknown;
        out.body = framing::chunked;
    } else if (has(length)) {
        out.body = framing::length;
    }
    // RFC 9112 section 9.3: "close" wins; HTTP/1.0 stays only if it asks to.
    out.keep_alive = !has(close) && (modern || has(keep_alive));
    const bool has_body = out.body == framing::chunked || out.content_length > 0;
    out.expect_continue = has(expectation) && has_body;
    out.upgrade = modern && has(upgrade_option) && has(upgrade_field);
    return nullptr;
}

}  // namespace cohort::http::detail
