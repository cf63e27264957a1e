#include <cohort/http/h2/detail/field_block.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/decimal.hpp>
#include <cohort/http/date.hpp>
#include <cohort/http/grammar.hpp>

#include <algorithm>
#include <array>

namespace cohort::http::h2::detail {

namespace {

/// Handlers may have set these for HTTP/1.1; in HTTP/2 they make an answer malformed.
constexpr auto hop_fields = std::to_array<std::string_view>(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"});

constexpr std::size_t beside_lines = 256;  // status, date, length

}  // namespace

field_block::field_block(status_code status)
{
    kept_.reserve(beside_lines);
    add(":status", keep_number(status));
}

field_block::field_block(const response& what, const answer& how)
{
    const std::string_view lines = what.fields().wire();
    kept_.reserve(beside_lines + lines.size());
    fields_.reserve(16);
    add(":status", keep_number(how.status));
    add("date", keep(date_now()));
    if (const auto type = what.content_type(); !type.empty())
        add("content-type", type);
    if (how.framing == answer_framing::length)
        add("content-length", keep_number(how.length));
    add_lines(lines);
}

void field_block::add(std::string_view name, std::string_view value)
{
    // nghttp2 copies both and changes neither; its C interface has no const.
    const auto octets = [](std::string_view text) {
        return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
    };
    fields_.push_back(
        {octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
}

void field_block::add_lines(std::string_view lines)
{
    while (!lines.empty()) {
        const std::size_t end = lines.find("\r\n");
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end + 2);
        const std::size_t colon = line.find(':');
        const std::size_t begin = kept_.size();
        static_cast<void>(keep(line.substr(0, colon)));
        std::ranges::transform(kept_.begin() + static_cast<std::ptrdiff_t>(begin), kept_.end(),
                               kept_.begin() + static_cast<std::ptrdiff_t>(begin), lower);
        const std::string_view name = std::string_view{kept_}.substr(begin);
        const bool hops = std::ranges::find(hop_fields, name) != hop_fields.end();
        if (!hops && name != "content-length")
            add(name, trim(line.substr(colon + 1)));
    }
}

std::string_view field_block::keep(std::string_view text)
{
    COHORT_ASSERT(kept_.size() + text.size() <= kept_.capacity());
    const std::size_t begin = kept_.size();
    kept_ += text;
    return std::string_view{kept_}.substr(begin);
}

std::string_view field_block::keep_number(std::uint64_t number)
{
    return keep(decimal{number}.view());
}

}  // namespace cohort::http::h2::detail
