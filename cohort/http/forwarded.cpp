#include <cohort/http/forwarded.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/http/grammar.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

/// A port, or one that is hidden ("_x"): 0 then.
std::optional<std::uint16_t> parse_port(std::string_view text) noexcept
{
    if (text.starts_with('_') && is_token(text))
        return std::uint16_t{0};
    return text.size() > 5 ? std::nullopt : parse_integer<std::uint16_t>(text);
}

std::optional<forwarded_node> node_with_port(const std::optional<ip_address>& address,
                                             std::string_view port) noexcept
{
    if (!address)
        return std::nullopt;
    forwarded_node node{.address = *address};
    if (port.empty())
        return node;
    const auto number = parse_port(port.substr(1));
    if (port.front() != ':' || !number)
        return std::nullopt;
    node.port = *number;
    return node;
}

/// Takes the value off the front of `text`: a token, or what stands between quotation marks.
/// No value that we read needs a backslash, and one that has it is not unescaped but refused.
struct value_read {
    std::string_view value;
    bool escaped = false;
};
std::optional<value_read> take_value(std::string_view& text) noexcept
{
    if (!text.starts_with('"')) {
        const std::size_t end = std::min(text.find(';'), text.size());
        const auto value = trim(text.substr(0, end));
        text.remove_prefix(end);
        if (!is_token(value))
            return std::nullopt;
        return value_read{.value = value};
    }
    value_read read;
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '\\') {
            read.escaped = true;
            ++at;
        } else if (text[at] == '"') {
            read.value = text.substr(1, at - 1);
            text = trim(text.substr(at + 1));
            return read;
        }
    }
    return std::nullopt;
}

/// Notes one pair of a hop; false if it is malformed or said before.
bool note_pair(forwarded_hop& hop, std::string_view name, const value_read& said) noexcept
{
    const auto once = [](std::string_view& into, std::string_view value) {
        const bool first = into.empty() && !value.empty();
        into = value;
        return first;
    };
    const bool ours = equal_ignoring_case(name, "for") || equal_ignoring_case(name, "proto") ||
                      equal_ignoring_case(name, "host");
    if (!ours)
        return true;  // "by", and what others have invented
    if (said.escaped)
        return false;
    if (equal_ignoring_case(name, "proto"))
        return once(hop.scheme, said.value);
    if (equal_ignoring_case(name, "host"))
        return is_host_and_port(said.value) && once(hop.host, said.value);
    const bool first = !hop.from;
    hop.from = parse_node(said.value);
    return first && hop.from.has_value();
}

std::optional<forwarded_hop> parse_hop(std::string_view text) noexcept
{
    forwarded_hop hop;
    bool more = true;
    while (more) {
        const std::size_t equals = text.find('=');
        if (equals == text.npos || !is_token(text.substr(0, equals)))
            return std::nullopt;
        const auto name = text.substr(0, equals);
        text.remove_prefix(equals + 1);
        const auto said = take_value(text);
        if (!said || !note_pair(hop, name, *said))
            return std::nullopt;
        more = text.starts_with(';');
        if (!more && !text.empty())
            return std::nullopt;
        text = more ? trim(text.substr(1)) : text;
    }
    return hop;
}

}  // namespace

std::optional<forwarded_node> parse_node(std::string_view text) noexcept
{
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == text.npos)
            return std::nullopt;
        const auto inside = text.substr(1, end - 1);
        if (inside.find(':') == inside.npos)
            return std::nullopt;
        return node_with_port(ip_address::parse(inside), text.substr(end + 1));
    }
    // Two colons: an IPv6 address without brackets, hence without a port.
    const std::size_t colon = text.find(':');
    if (colon != text.npos && text.find(':', colon + 1) != text.npos)
        return node_with_port(ip_address::parse(text), {});

    const std::size_t end = std::min(colon, text.size());
    const auto name = text.substr(0, end);
    if (equal_ignoring_case(name, "unknown") ||
        (name.size() > 1 && name.front() == '_' && is_token(name)))
        return node_with_port(ip_address::unknown(), text.substr(end));
    return node_with_port(ip_address::parse(name), text.substr(end));
}

std::optional<std::vector<forwarded_hop>> parse_forwarded(std::span<const std::string_view> fields)
{
    const auto elements = split_lists(fields);
    if (!elements)
        return std::nullopt;
    std::vector<forwarded_hop> hops;
    hops.reserve(elements->size());
    for (const std::string_view each : *elements) {
        const auto hop = parse_hop(each);
        if (!hop)
            return std::nullopt;
        hops.push_back(*hop);
    }
    return hops;
}

std::optional<std::vector<std::string_view>> split_lists(std::span<const std::string_view> fields)
{
    std::vector<std::string_view> all;
    for (std::string_view rest : fields) {
        for (auto each = next_element(rest); !each.empty(); each = next_element(rest)) {
            if (all.size() == hops_max)
                return std::nullopt;
            all.push_back(each);
        }
    }
    return all;
}

}  // namespace cohort::http
