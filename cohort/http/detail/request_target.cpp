#include <cohort/http/detail/request_target.hpp>

#include <cohort/http/detail/rules.hpp>
#include <cohort/http/grammar.hpp>

#include <algorithm>

namespace cohort::http::detail {

namespace {

text_span part(text_span whole, std::size_t from, std::size_t to) noexcept
{
    return {static_cast<std::uint16_t>(whole.offset + from), static_cast<std::uint16_t>(to - from)};
}

/// Path and query, which begin at `from` in the target; the path may be empty.
const violation* split_path(std::string_view text, std::size_t from, head& out) noexcept
{
    const std::size_t question = std::min(text.find('?', from), text.size());
    // Raw brackets are let through in a query only: ?filter[name]= is what browsers send.
    if (text.substr(from, question - from).find_first_of("[]") != std::string_view::npos)
        return &rules::target_octet;
    out.path = part(out.target, from, question);
    if (question < text.size())
        out.query = part(out.target, question + 1, text.size());
    return nullptr;
}

const violation* split_absolute(std::string_view text, std::size_t colon, head& out) noexcept
{
    const auto scheme = text.substr(0, colon);
    const std::size_t authority_at = colon + 3;
    const std::size_t path_at = std::min(text.find_first_of("/?", authority_at), text.size());
    const auto authority = text.substr(authority_at, path_at - authority_at);

    if (authority.find('@') != std::string_view::npos)
        return &rules::target_userinfo;
    if (authority.empty() || !is_host_and_port(authority))
        return &rules::target_authority;
    // RFC 9110 section 7.4: an https target must not be served on a connection without TLS.
    if (equal_ignoring_case(scheme, "https"))
        return &rules::target_insecure;
    if (!equal_ignoring_case(scheme, "http"))
        return &rules::target_scheme;

    out.form = target_form::absolute;
    out.host = part(out.target, authority_at, path_at);
    return split_path(text, path_at, out);
}

/// RFC 9112 section 3.2.3: CONNECT names a host and its port, which is not optional.
const violation* judge_connect(std::string_view text) noexcept
{
    if (text.find('@') != std::string_view::npos)
        return &rules::target_userinfo;
    const std::size_t colon = text.rfind(':');
    const bool whole = colon != std::string_view::npos && colon + 1 < text.size() && colon > 0;
    return whole && is_host_and_port(text) ? &rules::connect : &rules::target_authority;
}

/// scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
bool is_scheme(std::string_view text) noexcept
{
    if (text.empty() || lower(text[0]) < 'a' || lower(text[0]) > 'z')
        return false;
    for (const char c : text) {
        const bool letter = lower(c) >= 'a' && lower(c) <= 'z';
        if (!letter && !is(octet_digit, c) && c != '+' && c != '-' && c != '.')
            return false;
    }
    return true;
}

}  // namespace

const violation* split_target(std::string_view bytes, head& out) noexcept
{
    const auto text = bytes.substr(out.target.offset, out.target.length);
    if (out.verb == method::connect)
        return judge_connect(text);
    if (text.front() == '/') {
        out.form = target_form::origin;
        return split_path(text, 0, out);
    }
    if (text == "*") {
        if (out.verb != method::options)
            return &rules::target_form;
        out.form = target_form::asterisk;
        out.path = out.target;
        return nullptr;
    }
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon)))
        return &rules::target_form;
    return split_absolute(text, colon, out);
}

}  // namespace cohort::http::detail
