#include <cohort/control/protocol.hpp>

#include <cohort/base/try.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace cohort::control {

namespace {

namespace json = boost::json;

enum class script : std::uint8_t { clean, as_it_is };

std::unexpected<fault> odd(std::string what)
{
    return failed(errc::malformed, "read a message of the admin socket", std::move(what));
}

/// One line as an object of our version.
result<json::object> open(std::string_view line, std::size_t most, script words)
{
    if (line.size() >= most)
        return failed(errc::too_large, "read a message of the admin socket",
                      fmt::format("{} bytes, less than {} are taken", line.size(), most));
    json::parse_options how;
    how.max_depth = depth_max;
    // What workers said last may be any bytes; it is shown, and nothing is decided by it.
    how.allow_invalid_utf8 = words == script::as_it_is;
    error_code ec;
    json::value all = json::parse({line.data(), line.size()}, ec, {}, how);
    if (ec)
        return odd(ec.message());
    if (!all.is_object())
        return odd("no JSON object");
    json::object& whole = all.as_object();
    const json::value* const version = whole.if_contains("cohort");
    if (version == nullptr || !version->is_int64())
        return odd("\"cohort\", the version, is missing");
    if (version->as_int64() != protocol_version)
        return failed(errc::not_supported, "read a message of the admin socket",
                      fmt::format("it is of version {}, this program speaks {}",
                                  version->as_int64(), protocol_version));
    return std::move(whole);
}

result<> only(const json::object& whole, std::initializer_list<std::string_view> known)
{
    for (const auto& each : whole) {
        const std::string_view key{each.key().data(), each.key().size()};
        if (std::ranges::find(known, key) == known.end())
            return odd(fmt::format("unknown key \"{}\"", key));
    }
    return {};
}

result<std::string> text_of(const json::object& whole, std::string_view key)
{
    const json::value* const found = whole.if_contains({key.data(), key.size()});
    if (found == nullptr || !found->is_string())
        return odd(fmt::format("\"{}\" must be a string", key));
    return std::string{found->as_string()};
}

result<std::int64_t> number_of(const json::object& whole, std::string_view key, std::int64_t most)
{
    const json::value* const found = whole.if_contains({key.data(), key.size()});
    if (found == nullptr || !found->is_int64() || found->as_int64() < 0 || found->as_int64() > most)
        return odd(fmt::format("\"{}\" must be 0 to {}", key, most));
    return found->as_int64();
}

result<json::object> object_of(json::object& whole, std::string_view key)
{
    json::value* const found = whole.if_contains({key.data(), key.size()});
    if (found == nullptr || !found->is_object())
        return odd(fmt::format("\"{}\" must be an object", key));
    return std::move(found->as_object());
}

bool is_verb(std::string_view text) noexcept
{
    const auto fine = [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; };
    return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, fine);
}

std::string line_of(const json::object& whole) { return json::serialize(whole) + '\n'; }

}  // namespace

std::string encode(const request& what)
{
    json::object whole{{"cohort", protocol_version}, {"verb", what.verb}};
    whole["slot"] = what.slot ? json::value(*what.slot) : json::value(nullptr);
    whole["budget_ms"] = what.budget.count();
    whole["arguments"] = what.arguments;
    return line_of(whole);
}

std::string encode(const progress& what)
{
    return line_of({{"cohort", protocol_version}, {"progress", what.text}, {"data", what.data}});
}

std::string encode(const answer& what)
{
    return line_of({{"cohort", protocol_version},
                    {"exit", static_cast<unsigned>(what.code)},
                    {"reason", what.reason},
                    {"data", what.data}});
}

result<request> decode_request(std::string_view line)
{
    COHORT_TRY(auto whole, open(line, request_bytes_max, script::clean));
    COHORT_TRY(only(whole, {"cohort", "verb", "slot", "budget_ms", "arguments"}));
    request read;
    COHORT_TRY(read.verb, text_of(whole, "verb"));
    if (!is_verb(read.verb))
        return odd("\"verb\" must be 1 to 32 small letters or '-'");
    if (const json::value* const slot = whole.if_contains("slot"); slot && !slot->is_null()) {
        constexpr std::int64_t slots_most = 65'535;
        COHORT_TRY(const auto number, number_of(whole, "slot", slots_most));
        read.slot = static_cast<std::uint32_t>(number);
    }
    COHORT_TRY(const auto budget, number_of(whole, "budget_ms", budget_max.count()));
    read.budget = milliseconds{budget};
    COHORT_TRY(read.arguments, object_of(whole, "arguments"));
    return read;
}

result<word> decode_word(std::string_view line)
{
    COHORT_TRY(auto whole, open(line, word_bytes_max, script::as_it_is));
    if (whole.contains("progress")) {
        COHORT_TRY(only(whole, {"cohort", "progress", "data"}));
        progress read;
        COHORT_TRY(read.text, text_of(whole, "progress"));
        COHORT_TRY(read.data, object_of(whole, "data"));
        return read;
    }
    COHORT_TRY(only(whole, {"cohort", "exit", "reason", "data"}));
    answer read;
    COHORT_TRY(const auto code,
               number_of(whole, "exit", static_cast<std::int64_t>(exit_code::refused)));
    read.code = static_cast<exit_code>(code);
    COHORT_TRY(read.reason, text_of(whole, "reason"));
    COHORT_TRY(read.data, object_of(whole, "data"));
    return read;
}

}  // namespace cohort::control
