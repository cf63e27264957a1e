#include <cohort/http/redact.hpp>

#include <cohort/http/grammar.hpp>
#include <cohort/http/percent.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>

namespace cohort::http {

namespace {

constexpr std::array<std::string_view, 31> names{
    "access_token",
    "api_key",
    "apikey",
    "assertion",
    "auth",
    "authorization",
    "client_secret",
    "code",
    "credential",
    "csrf",
    "id_token",
    "jwt",
    "key",
    "otp",
    "pass",
    "passwd",
    "password",
    "pin",
    "pwd",
    "refresh_token",
    "samlresponse",
    "secret",
    "session",
    "sid",
    "sig",
    "signature",
    "ticket",
    "token",
    "x-amz-security-token",
    "x-amz-signature",
    "x-goog-signature",
};

/// Those of each length: nearly all names are told apart by it.
constexpr std::size_t longest = 20;
constexpr auto by_length = [] {
    std::array<std::uint32_t, longest + 1> sets{};
    for (std::size_t at = 0; at < names.size(); ++at)
        sets[names[at].size()] |= 1U << at;
    return sets;
}();
static_assert(names.size() <= 32);

bool is_known_secret(std::string_view name) noexcept
{
    std::uint32_t left = name.size() <= longest ? by_length[name.size()] : 0;
    for (; left != 0; left &= left - 1) {
        if (equal_ignoring_case(names[static_cast<std::size_t>(std::countr_zero(left))], name))
            return true;
    }
    return false;
}

// A query that is no pair and longer than this may be a token: nothing but letters tells.
constexpr std::size_t bare_max = 16;

bool is_secret(std::string_view raw, std::span<const std::string> more)
{
    std::optional<std::string> decoded;
    std::string_view name = raw;
    if (!is_unescaped(raw)) {
        decoded = query_decode(raw);
        if (!decoded)
            return true;
        name = *decoded;
    }
    const auto same = [&](std::string_view each) { return equal_ignoring_case(each, name); };
    return is_known_secret(name) || std::ranges::any_of(more, same);
}

}  // namespace

std::span<const std::string_view> secret_names() noexcept { return names; }

std::string redacted_query(std::string_view query, std::span<const std::string> more)
{
    std::string out;
    out.reserve(query.size());
    while (true) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const auto pair = query.substr(0, end);
        const std::size_t equals = pair.find('=');
        if (equals != pair.npos && is_secret(pair.substr(0, equals), more))
            out.append(pair.substr(0, equals)).append("=[redacted]");
        else if (equals == pair.npos && pair.size() > bare_max)
            out.append("[redacted]");
        else
            out.append(pair);
        if (end == query.size())
            return out;
        out.push_back('&');
        query.remove_prefix(end + 1);
    }
}

}  // namespace cohort::http
