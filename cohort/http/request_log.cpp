#include <cohort/http/request_log.hpp>

#include <cohort/http/middleware/request_id.hpp>

#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <string_view>

namespace cohort::http {

namespace {

constexpr bool is_lower_hex(char c) noexcept
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// Some lower-case hexadecimal digits, not all of them zeros.
bool is_id(std::string_view text) noexcept
{
    return std::ranges::all_of(text, is_lower_hex) &&
           text.find_first_not_of('0') != std::string_view::npos;
}

/// The trace's id; empty: this is no traceparent. Of later versions only the beginning is known.
/// Source: W3C Trace Context, section 3.2.
std::string_view trace_id_in(std::string_view parent) noexcept
{
    constexpr std::size_t bytes = 55;  // 00-<32>-<16>-<2>
    if (parent.size() < bytes || parent[2] != '-' || parent[35] != '-' || parent[52] != '-')
        return {};
    const std::string_view version = parent.substr(0, 2);
    const std::string_view trace = parent.substr(3, 32);
    if (!std::ranges::all_of(version, is_lower_hex) || version == "ff" || !is_id(trace) ||
        !is_id(parent.substr(36, 16)) || !std::ranges::all_of(parent.substr(53, 2), is_lower_hex))
        return {};
    if (parent.size() > bytes && (version == "00" || parent[bytes] != '-'))
        return {};
    return trace;
}

}  // namespace

log::logger log_of(const request& of)
{
    if (const auto* const attached = of.attached<log::logger>())
        return *attached;
    boost::container::static_vector<log::field, 4> fields{{"slot", of.slot()}};
    if (const auto* const id = of.attached<request_id>())
        fields.push_back({"request_id", id->text});
    if (const auto trace = trace_id_in(of.header("traceparent").value_or("")); !trace.empty())
        fields.push_back({"trace_id", trace});
    if (of.attempt() > 1)
        fields.push_back({"attempt", of.attempt()});
    return log::logger{fields};
}

}  // namespace cohort::http
