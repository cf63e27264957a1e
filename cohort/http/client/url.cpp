#include <cohort/http/client/url.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/http/grammar.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

std::unexpected<fault> refused(std::string_view text)
{
    return failed(errc::bad_value, "read the address", printable(text.substr(0, 200)));
}

/// Path and query: nothing that would end the request line, or be read in two ways.
bool is_target(std::string_view text) noexcept
{
    const std::size_t question = std::min(text.find('?'), text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0)
                return false;
        } else if (!is(i <= question ? octet_path : octet_query, text[i]) && i != question) {
            return false;
        }
    }
    return true;
}

constexpr std::uint16_t usual_port(url::scheme of) noexcept
{
    return of == url::scheme::https ? 443 : 80;
}

std::string shown_host(const url& of)
{
    return of.host.find(':') == std::string::npos ? of.host : "[" + of.host + "]";
}

}  // namespace

std::string url::authority() const
{
    std::string text = shown_host(*this);
    if (port != usual_port(how))
        text += ":" + std::to_string(port);
    return text;
}

std::string url::origin() const
{
    return (how == scheme::https ? "https://" : "http://") + shown_host(*this) + ":" +
           std::to_string(port);
}

result<url> parse_url(std::string_view text)
{
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos)
        return refused(text);
    url read;
    if (equal_ignoring_case(text.substr(0, colon), "https"))
        read.how = url::scheme::https;
    else if (!equal_ignoring_case(text.substr(0, colon), "http"))
        return refused(text);
    std::string_view rest = text.substr(colon + 3);
    rest = rest.substr(0, rest.find('#'));

    const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
    std::string_view target = rest.substr(authority.size());
    if (!is_host_and_port(authority) || !is_target(target))
        return refused(text);
    if (!target.empty())
        read.target = target.starts_with('?') ? "/" + std::string{target} : std::string{target};

    const std::size_t bracket = authority.find(']');
    const std::size_t port_at =
        authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    std::string_view host = authority.substr(0, port_at);
    if (host.starts_with('['))
        host = host.substr(1, host.size() - 2);
    if (host.empty() || host.size() > 253 || host.find('%') != std::string_view::npos)
        return refused(text);
    read.host.resize(host.size());
    std::ranges::transform(host, read.host.begin(), lower);
    read.port = usual_port(read.how);
    if (port_at != std::string_view::npos) {
        const auto port = parse_integer<std::uint16_t>(authority.substr(port_at + 1));
        if (!port || *port == 0)
            return refused(text);
        read.port = *port;
    }
    return read;
}

}  // namespace cohort::http
