#include <cohort/http/redact.hpp>

#include <cohort/http/grammar.hpp>
#include <cohort/http/percent.hpp>

#include <algorithm>
#include <array>

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

// A query that is no pair and longer than this may be a token: nothing but letters tells.
constexpr std::size_t bare_max = 16;

bool is_secret(std::string_view raw, std::span<const std::string> more)
{
    const auto name = query_decode(raw);
    if (!name)
        return true;
    const auto same = [&](std::string_view each) { return equal_ignoring_case(each, *name); };
    return std::ranges::any_of(names, same) || std::ranges::any_of(more, same);
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
