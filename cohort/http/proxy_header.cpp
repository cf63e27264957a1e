#include <cohort/http/proxy_header.hpp>

#include <cohort/base/parse.hpp>

#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace cohort::http {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view signature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t fixed_bytes = 16;  // of version 2: signature, command, family, length
constexpr std::size_t line_bytes_max = 107;

constexpr proxy_header malformed{.status = proxy_header_status::malformed};
constexpr proxy_header need_more{};

proxy_header done(std::size_t bytes, const std::optional<peer>& from = std::nullopt) noexcept
{
    return {.status = proxy_header_status::done, .bytes = bytes, .from = from};
}

/// Does `text` begin like `whole`, as far as it goes?
bool may_become(std::string_view text, std::string_view whole) noexcept
{
    return text.substr(0, whole.size()) == whole.substr(0, text.size());
}

struct address {
    std::string_view octets;  // in network order
    std::uint16_t port;
};

std::optional<peer> peer_of(const address& who) noexcept
{
    if (who.octets.size() == 4) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(who.port);
        std::memcpy(&v4.sin_addr, who.octets.data(), 4);
        return peer::of(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(who.port);
    std::memcpy(&v6.sin6_addr, who.octets.data(), 16);
    return peer::of(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

/// Cuts the next word off, which ends with a space or with the text.
std::string_view next_word(std::string_view& text) noexcept
{
    const std::size_t end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

std::optional<std::uint16_t> read_port(std::string_view text) noexcept
{
    if (text.size() > 1 && text.front() == '0')
        return std::nullopt;
    return parse_integer<std::uint16_t>(text);
}

bool read_octets(int family, std::string_view text, std::array<char, 16>& octets) noexcept
{
    std::array<char, INET6_ADDRSTRLEN> words{};
    if (text.empty() || text.size() >= words.size() || text.find('\0') != text.npos)
        return false;
    std::ranges::copy(text, words.begin());
    return ::inet_pton(family, words.data(), octets.data()) == 1;
}

/// "TCP4 192.0.2.1 192.0.2.2 56324 443", without "PROXY " and the line's end.
proxy_header read_words(std::string_view line, std::size_t bytes) noexcept
{
    const auto protocol = next_word(line);
    if (protocol == "UNKNOWN")
        return done(bytes);
    const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
    if (family == AF_INET6 && protocol != "TCP6")
        return malformed;
    std::array<char, 16> source{};
    std::array<char, 16> destination{};
    const bool addresses = read_octets(family, next_word(line), source) &&
                           read_octets(family, next_word(line), destination);
    const bool two_ports = std::ranges::count(line, ' ') == 1;
    const auto source_port = read_port(next_word(line));
    const auto destination_port = read_port(next_word(line));
    if (!addresses || !two_ports || !source_port || !destination_port)
        return malformed;
    const std::string_view octets{source.data(), family == AF_INET ? 4U : 16U};
    return done(bytes, peer_of({.octets = octets, .port = *source_port}));
}

proxy_header read_line(std::string_view bytes) noexcept
{
    constexpr std::string_view begin = "PROXY ";
    if (!may_become(bytes, begin))
        return malformed;
    const std::size_t end = bytes.find('\n');
    if (end == bytes.npos)
        return bytes.size() >= line_bytes_max ? malformed : need_more;
    if (end + 1 > line_bytes_max || end < begin.size() + 1 || bytes[end - 1] != '\r')
        return malformed;
    return read_words(bytes.substr(begin.size(), end - 1 - begin.size()), end + 1);
}

unsigned octet(std::string_view bytes, std::size_t at) noexcept
{
    return static_cast<unsigned char>(bytes[at]);
}

std::uint16_t number(std::string_view bytes, std::size_t at) noexcept
{
    return static_cast<std::uint16_t>(octet(bytes, at) << 8 | octet(bytes, at + 1));
}

/// How many bytes the addresses of a family take; nothing for families that do not exist.
std::optional<std::size_t> addresses_bytes(unsigned family_and_transport) noexcept
{
    switch (family_and_transport) {
        case 0x00:
            return 0;
        case 0x11:
        case 0x12:
            return 12;
        case 0x21:
        case 0x22:
            return 36;
        case 0x31:
        case 0x32:
            return 216;
        default:
            return std::nullopt;
    }
}

proxy_header read_binary(std::string_view bytes) noexcept
{
    if (bytes.size() > signature.size()) {
        const unsigned command = octet(bytes, signature.size());
        if (command != 0x20 && command != 0x21)
            return malformed;
    }
    if (bytes.size() > signature.size() + 1 && !addresses_bytes(octet(bytes, signature.size() + 1)))
        return malformed;
    if (bytes.size() < fixed_bytes)
        return need_more;

    const std::size_t rest = number(bytes, 14);
    if (fixed_bytes + rest > proxy_header_bytes_max)
        return malformed;
    const bool local = octet(bytes, 12) == 0x20;
    const unsigned family = octet(bytes, 13);
    const std::size_t wanted = *addresses_bytes(family);
    if (!local && rest < wanted)
        return malformed;
    if (bytes.size() < fixed_bytes + rest)
        return need_more;
    if (local || wanted == 0)
        return done(fixed_bytes + rest);
    if (wanted == 216)
        return done(fixed_bytes + rest, peer::unknown());
    // Source and destination, then their ports.
    const std::size_t width = wanted == 12 ? 4 : 16;
    const address source{.octets = bytes.substr(fixed_bytes, width),
                         .port = number(bytes, fixed_bytes + 2 * width)};
    return done(fixed_bytes + rest, peer_of(source));
}

}  // namespace

proxy_header read_proxy_header(std::string_view bytes) noexcept
{
    if (bytes.empty())
        return need_more;
    if (bytes.front() == 'P')
        return read_line(bytes);
    return may_become(bytes, signature) ? read_binary(bytes) : malformed;
}

}  // namespace cohort::http
