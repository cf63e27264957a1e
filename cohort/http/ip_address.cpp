#include <cohort/http/ip_address.hpp>

#include <algorithm>
#include <array>
#include <charconv>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace cohort::http {

ip_address ip_address::unknown() noexcept
{
    ip_address nobody;
    nobody.family_ = 1;
    return nobody;
}

std::optional<ip_address> ip_address::parse(std::string_view text) noexcept
{
    // inet_pton wants a C string, and no address is longer than this.
    std::array<char, INET6_ADDRSTRLEN> words{};
    if (text.empty() || text.size() >= words.size() || text.find('\0') != text.npos)
        return std::nullopt;
    std::ranges::copy(text, words.begin());

    std::array<unsigned char, 16> octets{};
    if (::inet_pton(AF_INET, words.data(), octets.data()) == 1)
        return from_octets(std::span{octets}.first(4));
    if (::inet_pton(AF_INET6, words.data(), octets.data()) == 1)
        return from_octets(octets);
    return std::nullopt;
}

ip_address ip_address::from_octets(std::span<const unsigned char> octets) noexcept
{
    constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (octets.size() == 16 && std::ranges::equal(octets.first(12), mapped))
        octets = octets.subspan(12);
    if (octets.size() != 4 && octets.size() != 16)
        return unknown();
    ip_address address;
    std::ranges::copy(octets, address.bytes_.begin());
    address.family_ = octets.size() == 4 ? 4 : 6;
    return address;
}

std::span<const unsigned char> ip_address::octets() const noexcept
{
    return std::span{bytes_}.first(is_v4() ? 4 : is_v6() ? 16 : 0);
}

ip_address ip_address::network(unsigned bits) const noexcept
{
    ip_address first = *this;
    for (std::size_t bit = bits; bit < octets().size() * 8; ++bit) {
        unsigned char& octet = first.bytes_[bit / 8];
        octet = static_cast<unsigned char>(octet & ~(0x80U >> bit % 8));
    }
    return first;
}

std::string ip_address::text() const
{
    if (!is_ip())
        return is_local() ? "local" : "unknown";
    if (is_v6()) {
        std::array<char, INET6_ADDRSTRLEN> words{};
        ::inet_ntop(AF_INET6, bytes_.data(), words.data(), words.size());
        return words.data();
    }
    // By hand: inet_ntop formats with sprintf, and each request that is logged has an address.
    std::array<char, INET_ADDRSTRLEN> words;
    char* end = words.data();
    for (const unsigned char octet : octets()) {
        if (end != words.data())
            *end++ = '.';
        end = std::to_chars(end, words.data() + words.size(), octet).ptr;
    }
    return {words.data(), end};
}

}  // namespace cohort::http
