#include <cohort/net/endpoint.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/parse.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <array>
#include <filesystem>
#include <optional>
#include <utility>

namespace cohort::net {

namespace {

using family = endpoint::family;

/// `what` is a sentence with an example, because whoever reads it is about to type again.
std::unexpected<fault> refuse(std::string_view text, std::string_view what)
{
    constexpr std::size_t quoted_max = 200;
    std::string quoted;
    for (const char c : text.substr(0, quoted_max)) {
        const bool plain = c >= ' ' && c != 127;
        quoted += plain ? c : '?';
    }
    return failed(errc::bad_value, "read an endpoint from",
                  fmt::format("\"{}\" ({})", quoted, what));
}

/// The canonical form of an IPv4 or IPv6 literal, or nothing. "::0001" becomes "::1".
std::optional<std::string> canonical(int domain, const std::string& literal)
{
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    if (::inet_pton(domain, literal.c_str(), bytes.data()) != 1)
        return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> printed{};
    ::inet_ntop(domain, bytes.data(), printed.data(), printed.size());
    return std::string{printed.data()};
}

/// "fe80::1%eth0": the address in canonical form, the zone as it was given.
std::optional<std::string> canonical_v6(std::string_view text)
{
    const std::size_t percent = text.find('%');
    auto address = canonical(AF_INET6, std::string{text.substr(0, percent)});
    if (!address || percent == std::string_view::npos)
        return address;
    const std::string_view zone = text.substr(percent + 1);
    if (zone.empty() || zone.size() >= IF_NAMESIZE)
        return std::nullopt;
    for (const char c : zone) {
        if (c <= ' ' || c == 127 || c == '/' || c == '%' || c == ']' || c == '[')
            return std::nullopt;
    }
    return *address + '%' + std::string{zone};
}

std::optional<std::uint16_t> parse_port(std::string_view text)
{
    if (text.size() > 1 && text.front() == '0')
        return std::nullopt;  // "080" is a typing error or octal, and we cannot know which
    return parse_integer<std::uint16_t>(text);
}

result<endpoint> parse_internet(family kind, std::string_view whole, std::string_view rest)
{
    std::string host;
    std::string_view port_text = rest;

    if (rest.starts_with('[')) {
        const std::size_t end = rest.find(']');
        if (end == std::string_view::npos)
            return refuse(whole, "the bracket is never closed; an example is [::1]:8080");
        const auto address = canonical_v6(rest.substr(1, end - 1));
        if (!address)
            return refuse(whole, "no IPv6 address is between the brackets; an example is "
                                 "[::1]:8080");
        if (rest.substr(end + 1, 1) != ":")
            return refuse(whole, "the port is missing; an example is [::1]:8080");
        host = *address;
        port_text = rest.substr(end + 2);
    } else if (const std::size_t colon = rest.rfind(':'); colon != std::string_view::npos) {
        const std::string name{rest.substr(0, colon)};
        port_text = rest.substr(colon + 1);
        if (name.empty())
            return refuse(whole, "the address is missing; every address is *:8080");
        if (name.find(':') != std::string::npos)
            return refuse(whole, "IPv6 addresses stand in brackets; an example is [::1]:8080");
        if (name == "*")
            host = name;
        else if (name == "localhost")
            host = "127.0.0.1";
        else if (const auto address = canonical(AF_INET, name))
            host = *address;
        else
            return refuse(whole, "the address is none; use an IPv4 address, [an IPv6 address], "
                                 "localhost or *, as in 127.0.0.1:8080");
    } else {
        host = "*";
        if (!parse_port(rest) && rest.find_first_not_of("0123456789") != std::string_view::npos)
            return refuse(whole, "this is no port and has none; examples are 8080, 127.0.0.1:8080, "
                                 "unix:/run/app.sock and fd:3");
    }

    const auto port = parse_port(port_text);
    if (!port)
        return refuse(whole, "a port is 0 to 65535; an example is 127.0.0.1:8080");
    return endpoint::internet(kind, std::move(host), *port);
}

result<endpoint> parse_unix(std::string_view whole, std::string_view name)
{
    if (name.find('\0') != std::string_view::npos)
        return refuse(whole, "the name has a zero byte in it; an example is unix:/run/app.sock");
    if (name.starts_with('@')) {
        name.remove_prefix(1);
        if (name.empty())
            return refuse(whole, "the name is missing; an example is unix:@app");
        if (name.size() > endpoint::unix_path_bytes_max)
            return refuse(whole, fmt::format("the name has {} bytes and may have {}", name.size(),
                                             endpoint::unix_path_bytes_max));
        return endpoint::unix_socket(family::unix_abstract, std::string{name});
    }
    if (name.empty())
        return refuse(whole, "the path is missing; an example is unix:/run/app.sock");

    std::error_code failure;
    const auto path = std::filesystem::absolute(name, failure).lexically_normal();
    if (failure)
        return refuse(whole, "the current folder is gone; give an absolute path such as "
                             "unix:/run/app.sock");
    std::string absolute = path.string();
    if (absolute.size() > 2 && absolute.starts_with("//"))
        absolute.erase(0, 1);  // POSIX lets two slashes mean something else; Linux does not
    if (absolute.ends_with('/'))
        return refuse(whole, "a socket is a file, not a folder; an example is unix:/run/app.sock");
    if (absolute.size() > endpoint::unix_path_bytes_max)
        return refuse(whole, fmt::format("the absolute path has {} bytes and may have {}; use a "
                                         "shorter one such as unix:/run/app.sock",
                                         absolute.size(), endpoint::unix_path_bytes_max));
    return endpoint::unix_socket(family::unix_path, std::move(absolute));
}

}  // namespace

result<endpoint> endpoint::parse(std::string_view text)
{
    if (text.empty())
        return refuse(text, "it is empty; an example is 127.0.0.1:8080");
    if (text.starts_with("unix:"))
        return parse_unix(text, text.substr(5));
    if (text.starts_with("fd:")) {
        const auto number = parse_integer<int>(text.substr(3));
        if (!number || *number < 0)
            return refuse(text, "fd: wants the number of an open descriptor; an example is fd:3");
        return descriptor_number(*number);
    }
    if (text.starts_with("tcp://") || speaks_tls(text))
        return parse_internet(family::tcp, text, text.substr(6));
    if (text.starts_with("udp://"))
        return parse_internet(family::udp, text, text.substr(6));
    if (text.find("://") != std::string_view::npos)
        return refuse(text, "only tcp://, tls://, udp://, unix: and fd: are known; an example is "
                            "tcp://127.0.0.1:8080");
    return parse_internet(family::tcp, text, text);
}

endpoint endpoint::internet(family kind, std::string host, std::uint16_t port)
{
    COHORT_ASSERT(kind == family::tcp || kind == family::udp);
    endpoint made;
    made.kind_ = kind;
    made.host_ = std::move(host);
    made.port_ = port;
    return made;
}

endpoint endpoint::unix_socket(family kind, std::string name)
{
    COHORT_ASSERT(kind == family::unix_path || kind == family::unix_abstract);
    endpoint made;
    made.kind_ = kind;
    made.path_ = std::move(name);
    return made;
}

endpoint endpoint::descriptor_number(int number)
{
    endpoint made;
    made.kind_ = family::descriptor;
    made.descriptor_ = number;
    return made;
}

endpoint endpoint::with_port(std::uint16_t port) const { return internet(kind_, host_, port); }

std::string endpoint::text() const
{
    switch (kind_) {
        case family::tcp:
        case family::udp: {
            const std::string_view scheme = kind_ == family::tcp ? "tcp" : "udp";
            if (host_.find(':') != std::string::npos)
                return fmt::format("{}://[{}]:{}", scheme, host_, port_);
            return fmt::format("{}://{}:{}", scheme, host_, port_);
        }
        case family::unix_path:
            return path_.empty() ? std::string{} : "unix:" + path_;
        case family::unix_abstract:
            return "unix:@" + path_;
        case family::descriptor:
            return fmt::format("fd:{}", descriptor_);
    }
    std::unreachable();
}

}  // namespace cohort::net
