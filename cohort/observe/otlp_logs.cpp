#include <cohort/observe/otlp_logs.hpp>

#include <cohort/base/decimal.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/observe/detail/otlp_json.hpp>
#include <cohort/observe/json_text.hpp>
#include <cohort/observe/log_filter.hpp>

#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

namespace cohort::observe {

using detail::append_number;

namespace {

namespace json = boost::json;

std::string_view text_in(const json::value& of) noexcept
{
    const json::string* const text = of.if_string();
    return text != nullptr ? std::string_view{*text} : std::string_view{};
}

/// "2026-11-29T10:00:00.000Z", as observe/log.hpp writes it.
std::optional<std::uint64_t> unix_ns(std::string_view timestamp)
{
    using namespace std::chrono;
    constexpr std::string_view form = "0000-00-00T00:00:00.000Z";
    if (timestamp.size() != form.size() || timestamp.back() != 'Z')
        return std::nullopt;
    const auto number = [timestamp](std::size_t at, std::size_t digits) {
        return parse_integer<unsigned>(timestamp.substr(at, digits)).value_or(9999);
    };
    const year_month_day day{year{static_cast<int>(number(0, 4))}, month{number(5, 2)},
                             std::chrono::day{number(8, 2)}};
    const unsigned hour = number(11, 2);
    const unsigned minute = number(14, 2);
    const unsigned second = number(17, 2);
    // Later ones are beyond what nanoseconds in 64 bits with a sign can say.
    if (!day.ok() || day.year() < year{1970} || day.year() > year{2261} || hour > 23 ||
        minute > 59 || second > 60)
        return std::nullopt;
    const nanoseconds since = sys_days{day}.time_since_epoch() + hours{hour} + minutes{minute} +
                              seconds{second} + milliseconds{number(20, 3)};
    return static_cast<std::uint64_t>(since.count());
}

/// Of either of our formats.
std::optional<std::uint64_t> time_of(const json::value& said)
{
    constexpr std::int64_t latest_ms = std::numeric_limits<std::int64_t>::max() / 1'000'000;
    if (const std::int64_t* const ms = said.if_int64();
        ms != nullptr && *ms > 0 && *ms <= latest_ms)
        return static_cast<std::uint64_t>(*ms) * 1'000'000;
    return unix_ns(text_in(said));
}

void append_severity(std::string& out, const json::value& said)
{
    const auto rank = rank_said(said);
    if (!rank)
        return;
    // TRACE is 1, and each has four.
    const unsigned severity = 4U * *rank + 1;
    out.append(",\"severityNumber\":").append(decimal{severity}.view());
    out.append(",\"severityText\":\"").append(level_of(*rank)) += '"';
}

bool is_hex(std::string_view text, std::size_t digits) noexcept
{
    return text.size() == digits && text.find_first_not_of("0123456789abcdef") == text.npos &&
           text.find_first_not_of('0') != text.npos;
}

void append_any(std::string& out, const json::value& value);

void append_members(std::string& out, const json::object& of)
{
    out += '[';
    for (const auto& [key, value] : of) {
        out += out.back() == '[' ? "{\"key\":" : ",{\"key\":";
        append_json_string(out, key);
        out += ",\"value\":";
        append_any(out, value);
        out += '}';
    }
    out += ']';
}

/// An AnyValue; null is one that has nothing.
void append_any(std::string& out, const json::value& value)
{
    switch (value.kind()) {
        case json::kind::null:
            out += "{}";
            return;
        case json::kind::bool_:
            append_attribute_value(out, value.get_bool());
            return;
        case json::kind::int64:
            append_attribute_value(out, value.get_int64());
            return;
        case json::kind::uint64:  // beyond what OTLP's integers hold
        case json::kind::double_:
            append_attribute_value(out, value.to_number<double>());
            return;
        case json::kind::string:
            out += "{\"stringValue\":";
            append_json_string(out, value.get_string());
            out += '}';
            return;
        case json::kind::array:
            out += "{\"arrayValue\":{\"values\":[";
            for (const json::value& each : value.get_array()) {
                if (out.back() != '[')
                    out += ',';
                append_any(out, each);
            }
            out += "]}}";
            return;
        case json::kind::object:
            out += "{\"kvlistValue\":{\"values\":";
            append_members(out, value.get_object());
            out += "}}";
            return;
    }
}

/// What a line says, put where OTLP has it.
class record {
public:
    explicit record(std::string& out) noexcept
        : out_{out}
    {}
    void of_object(std::string_view line, const json::object& said);

private:
    void say(std::string_view key, const json::value& value);
    void say_error(const json::object& error);
    void attribute(std::string_view key, const json::value& value);

    std::string& out_;
    std::string attributes_;
    bool has_body_ = false;
    bool has_time_ = false;
};

void record::attribute(std::string_view key, const json::value& value)
{
    attributes_ += attributes_.empty() ? "{\"key\":" : ",{\"key\":";
    append_json_string(attributes_, key);
    attributes_ += ",\"value\":";
    append_any(attributes_, value);
    attributes_ += '}';
}

/// Source: semantic conventions, "Exceptions in logs". The rest of it, causes, keeps its name.
void record::say_error(const json::object& error)
{
    json::object rest;
    for (const auto& [key, value] : error) {
        if (key == "type")
            attribute("exception.type", value);
        else if (key == "message")
            attribute("exception.message", value);
        else if (key == "stack" && value.is_string())
            attribute("exception.stacktrace", value);
        else
            rest.emplace(key, value);
    }
    if (!rest.empty())
        attribute("err", std::move(rest));
}

void record::say(std::string_view key, const json::value& value)
{
    if (key == "timestamp" || key == "time") {
        // Twice the same name is no JSON to many a reader, who would refuse the whole batch.
        const auto when = time_of(value);
        if (when && !std::exchange(has_time_, true)) {
            append_number(out_ += ',', "timeUnixNano", *when);
            return;
        }
    } else if (key == "level") {
        append_severity(out_, value);
        return;
    } else if ((key == "message" || key == "msg") && !std::exchange(has_body_, true)) {
        append_any(out_ += ",\"body\":", value);
        return;
    } else if (key == "trace_id" && is_hex(text_in(value), 32)) {
        out_.append(",\"traceId\":\"").append(text_in(value)) += '"';
        return;
    } else if (key == "span_id" && is_hex(text_in(value), 16)) {
        out_.append(",\"spanId\":\"").append(text_in(value)) += '"';
        return;
    } else if (key == "err" && value.is_object()) {
        say_error(value.get_object());
        return;
    }
    attribute(key == "pid"        ? "process.pid"
              : key == "workerId" ? "cohort.worker"
              : key == "hostname" ? "host.name"
                                  : key,
              value);
}

void record::of_object(std::string_view line, const json::object& said)
{
    for (const auto& [key, value] : said)
        say(key, value);
    if (!has_body_) {
        out_ += ",\"body\":{\"stringValue\":";
        append_json_string(out_, line);
        out_ += '}';
    }
    if (!attributes_.empty())
        out_.append(",\"attributes\":[").append(attributes_) += ']';
}

}  // namespace

void append_log_record(std::string& out, std::string_view line, std::uint64_t observed_unix_ns)
{
    while (line.ends_with('\n'))
        line.remove_suffix(1);
    out += '{';
    append_number(out, "observedTimeUnixNano", observed_unix_ns);
    const std::size_t begin = out.size();
    const auto said = parse_log_line(line);
    if (said)
        record{out}.of_object(line, *said);
    // A line of `[[],[],…]` is ten times as long in OTLP's words.
    const bool grew = out.size() - begin > record_growth_max * line.size() + record_words_max;
    if (!said || grew) {
        out.resize(begin);
        out += ",\"body\":{\"stringValue\":";
        append_json_string(out, line);
        out += '}';
    }
    out += '}';
}

std::string otlp_logs(const otlp_resource& of, std::span<const export_item> lines,
                      std::uint64_t wall_ahead_ns)
{
    std::string out;
    detail::open_envelope(
        out, {.resources = "resourceLogs", .scopes = "scopeLogs", .items = "logRecords"}, of);
    bool first = true;
    for (const export_item& each : lines) {
        if (!std::exchange(first, false))
            out += ',';
        append_log_record(out, each.text, each.published_ns + wall_ahead_ns);
    }
    detail::close_envelope(out);
    return out;
}

}  // namespace cohort::observe
