#include <cohort/http/limiting/limit_fields.hpp>

#include <cohort/base/append.hpp>
#include <cohort/crypto/base64.hpp>
#include <cohort/http/problem.hpp>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace cohort::http {

namespace {

constexpr std::string_view policy_name = "RateLimit-Policy";
constexpr std::string_view state_name = "RateLimit";

std::uint64_t window_seconds(const limit_statement& of) noexcept
{
    return whole_seconds(of.policy.window);
}

/// Whether the form has words for it.
bool is_told(const limit_statement& one, limit_form form) noexcept
{
    return one.form == form && (one.unit == limit_unit::requests || form == limit_form::draft8);
}

// Each answer that is counted has these fields: they are put together without format strings.

std::string& append(std::string& to, std::string_view words, std::uint64_t number)
{
    constexpr std::size_t digits_most = 20;
    append_by(to, words.size() + digits_most, [words, number](char* at) {
        at = put(at, words);
        return std::to_chars(at, at + digits_most, number).ptr;
    });
    return to;
}

/// All that are told in that form, joined in `joined`, whose room is used again.
template <class F>
std::string_view join(std::string& joined, std::span<const limit_statement> all, limit_form form,
                      F append_one)
{
    joined.clear();
    for (const limit_statement& each : all) {
        if (!is_told(each, form))
            continue;
        if (!joined.empty())
            joined += ", ";
        append_one(joined, each);
    }
    return joined;
}

/// The one with the least remaining, or null if none is told in that form.
const limit_statement* tightest(std::span<const limit_statement> all, limit_form form) noexcept
{
    const limit_statement* found = nullptr;
    for (const limit_statement& each : all) {
        if (!is_told(each, form))
            continue;
        if (found == nullptr || each.ruling.remaining < found->ruling.remaining ||
            (found->ruling.admitted && !each.ruling.admitted))
            found = &each;
    }
    return found;
}

void append_named(std::string& to, const limit_statement& of)
{
    to.append(1, '"').append(of.name).append(1, '"');
}

void append_named_policy(std::string& to, const limit_statement& of)
{
    append_named(to, of);
    append(to, "; q=", of.policy.limit);
    if (of.unit == limit_unit::concurrent_requests)
        to += "; qu=\"concurrent-requests\"";
    else
        append(to, "; w=", window_seconds(of));
    if (!of.partition.empty())
        to.append("; pk=:").append(crypto::to_base64(of.partition)).append(1, ':');
}

void append_named_state(std::string& to, const limit_statement& of)
{
    append_named(to, of);
    append(to, "; r=", of.ruling.remaining);
    // Nobody knows when a request ends.
    if (of.unit == limit_unit::requests)
        append(to, "; t=", whole_seconds(of.ruling.more_in));
}

void append_plain_policy(std::string& to, const limit_statement& of)
{
    append(to, "", of.policy.limit);
    append(to, ";w=", window_seconds(of));
}

void write_three(response& into, std::string_view prefix, const limit_statement& of,
                 std::uint64_t reset)
{
    const auto set = [&](std::string_view name, std::uint64_t value) {
        into.header(fmt::format("{}{}", prefix, name), std::to_string(value));
    };
    set("Limit", of.policy.limit);
    set("Remaining", of.ruling.remaining);
    set("Reset", reset);
}

}  // namespace

std::uint64_t whole_seconds(std::chrono::nanoseconds span) noexcept
{
    return static_cast<std::uint64_t>(
        std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(span).count(), 1));
}

void write_limit_fields(response& into, std::span<const limit_statement> all, std::int64_t unix_now)
{
    std::string words;
    words.reserve(96);
    if (const limit_statement* one = tightest(all, limit_form::legacy)) {
        const std::uint64_t reset = whole_seconds(one->ruling.more_in);
        write_three(into, "X-RateLimit-", *one, static_cast<std::uint64_t>(unix_now) + reset);
    }
    if (const limit_statement* one = tightest(all, limit_form::draft6)) {
        into.header(policy_name, join(words, all, limit_form::draft6, append_plain_policy));
        write_three(into, "RateLimit-", *one, whole_seconds(one->ruling.more_in));
    }
    if (const limit_statement* one = tightest(all, limit_form::draft7)) {
        into.header(policy_name, join(words, all, limit_form::draft7, append_plain_policy));
        into.header(state_name,
                    fmt::format("limit={}, remaining={}, reset={}", one->policy.limit,
                                one->ruling.remaining, whole_seconds(one->ruling.more_in)));
    }
    if (tightest(all, limit_form::draft8) != nullptr) {
        into.header(policy_name, join(words, all, limit_form::draft8, append_named_policy));
        into.header(state_name, join(words, all, limit_form::draft8, append_named_state));
    }
}

response limit_refusal(const limit_statement& refused)
{
    const std::uint64_t wait = whole_seconds(refused.ruling.more_in);
    boost::json::object members;
    members["type"] = "https://iana.org/assignments/http-problem-types#quota-exceeded";
    members["violated-policies"] = boost::json::array{refused.name};
    std::string words = refused.unit == limit_unit::concurrent_requests
                            ? fmt::format("{} requests at a time are allowed", refused.policy.limit)
                            : fmt::format("{} requests in {} s are allowed; try again in {} s",
                                          refused.policy.limit, window_seconds(refused), wait);
    return problem(429, "Request cannot be satisfied as assigned quota has been exceeded", words,
                   std::move(members))
        .header("Retry-After", std::to_string(wait));
}

}  // namespace cohort::http
