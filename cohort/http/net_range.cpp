#include <cohort/http/net_range.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cohort::http {

namespace {

std::unexpected<fault> no_range(std::string_view text)
{
    return failed(errc::bad_value, "read as a range of addresses", std::string{text});
}

/// Bits of `octets` behind the first `bits`.
bool any_bit_behind(std::span<const unsigned char> octets, unsigned bits) noexcept
{
    for (unsigned at = bits; at < octets.size() * 8; ++at) {
        if (((octets[at / 8] >> (7 - at % 8)) & 1) != 0)
            return true;
    }
    return false;
}

std::span<const std::string_view> meaning(std::string_view word) noexcept
{
    using namespace std::string_view_literals;
    static constexpr std::array loopback{"127.0.0.0/8"sv, "::1"sv};
    static constexpr std::array own{"10.0.0.0/8"sv,     "172.16.0.0/12"sv, "192.168.0.0/16"sv,
                                    "169.254.0.0/16"sv, "fc00::/7"sv,      "fe80::/10"sv};
    if (word == "loopback")
        return loopback;
    return word == "private" ? std::span<const std::string_view>{own}
                             : std::span<const std::string_view>{};
}

}  // namespace

result<net_range> net_range::parse(std::string_view text)
{
    net_range range;
    if (text == "local")
        return range;
    const std::size_t slash = text.find('/');
    const auto address = ip_address::parse(text.substr(0, slash));
    if (!address)
        return no_range(text);
    // "::ffff:10.0.0.0/104" has become IPv4 by now, and its length has not: 104 is refused.
    const auto width = static_cast<unsigned>(address->octets().size() * 8);
    range.base_ = *address;
    range.bits_ = static_cast<std::uint8_t>(width);
    if (slash != text.npos) {
        const auto bits = parse_integer<unsigned>(text.substr(slash + 1));
        if (!bits || *bits > width || any_bit_behind(address->octets(), *bits))
            return no_range(text);
        range.bits_ = static_cast<std::uint8_t>(*bits);
    }
    return range;
}

bool net_range::contains(const ip_address& who) const noexcept
{
    if (!base_.is_ip())
        return who.is_local();
    const auto ours = base_.octets();
    const auto theirs = who.octets();
    if (ours.size() != theirs.size())
        return false;
    const std::size_t whole = bits_ / 8;
    if (!std::ranges::equal(ours.first(whole), theirs.first(whole)))
        return false;
    const unsigned rest = bits_ % 8;
    return rest == 0 || ((ours[whole] ^ theirs[whole]) >> (8 - rest)) == 0;
}

std::string net_range::text() const
{
    return base_.is_ip() ? fmt::format("{}/{}", base_.text(), bits_) : base_.text();
}

result<std::vector<net_range>> parse_ranges(std::span<const std::string> texts)
{
    std::vector<net_range> all;
    for (const std::string& text : texts) {
        const auto several = meaning(text);
        for (const std::string_view each : several) {
            COHORT_TRY(const auto range, net_range::parse(each));
            all.push_back(range);
        }
        if (several.empty()) {
            COHORT_TRY(const auto range, net_range::parse(text));
            all.push_back(range);
        }
    }
    return all;
}

std::vector<net_range> nearby_ranges()
{
    static const std::array<std::string, 2> words{"loopback", "private"};
    return *parse_ranges(words);
}

bool any_contains(std::span<const net_range> ranges, const ip_address& who) noexcept
{
    return std::ranges::any_of(ranges, [&](const net_range& each) { return each.contains(who); });
}

}  // namespace cohort::http
