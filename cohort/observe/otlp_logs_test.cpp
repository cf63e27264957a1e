#include <cohort/observe/otlp_logs.hpp>

#include <cohort/observe/detail/log_line.hpp>
#include <cohort/observe/log.hpp>

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::observe;

namespace {

namespace json = boost::json;

json::object record_of(std::string_view line)
{
    std::string out;
    append_log_record(out, line, 77);
    return json::parse(out).as_object();
}

/// The value of an attribute, as {"stringValue": …}; null: there is none.
json::value attribute_of(const json::object& record, std::string_view key)
{
    if (const auto* const all = record.if_contains("attributes")) {
        for (const auto& each : all->as_array()) {
            if (std::string_view{each.at("key").as_string()} == key)
                return each.at("value");
        }
    }
    return nullptr;
}

}  // namespace

TEST_CASE("a line of ours becomes a record, each part where OpenTelemetry has it")
{
    const auto seen = record_of(
        R"({"timestamp":"2026-11-29T10:00:00.123Z","level":"warn","message":"paid twice","pid":12,)"
        R"("workerId":3,"account":17,"share":0.5,"yes":true,"none":null,)"
        R"("trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"})"
        "\n");
    CHECK(seen.at("timeUnixNano") == "1795946400123000000");
    CHECK(seen.at("observedTimeUnixNano") == "77");
    CHECK(seen.at("severityNumber") == 13);
    CHECK(seen.at("severityText") == "warn");
    CHECK(seen.at("body").at("stringValue") == "paid twice");
    CHECK(seen.at("traceId") == "0af7651916cd43dd8448eb211c80319c");
    CHECK(seen.at("spanId") == "b7ad6b7169203331");
    CHECK(attribute_of(seen, "process.pid") == json::value{{"intValue", "12"}});
    CHECK(attribute_of(seen, "cohort.worker") == json::value{{"intValue", "3"}});
    CHECK(attribute_of(seen, "account") == json::value{{"intValue", "17"}});
    CHECK(attribute_of(seen, "share") == json::value{{"doubleValue", 0.5}});
    CHECK(attribute_of(seen, "yes") == json::value{{"boolValue", true}});
    CHECK(attribute_of(seen, "none") == json::object{});
    CHECK(attribute_of(seen, "trace_id").is_null());
}

TEST_CASE("all levels have OpenTelemetry's numbers, in pino's lines, too")
{
    constexpr std::array numbers{1, 5, 9, 13, 17, 21};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::string name{log::name(static_cast<log::level>(i))};
        CHECK(record_of(R"({"level":")" + name + R"("})").at("severityNumber") == numbers[i]);
        const auto pino = record_of(R"({"level":)" + std::to_string(10 * (i + 1)) +
                                    R"(,"time":1795946400123,"msg":"m","hostname":"h"})");
        CHECK(pino.at("severityNumber") == numbers[i]);
        CHECK(pino.at("timeUnixNano") == "1795946400123000000");
        CHECK(pino.at("body").at("stringValue") == "m");
        CHECK(attribute_of(pino, "host.name") == json::value{{"stringValue", "h"}});
    }
    CHECK_FALSE(record_of(R"({"level":"loud"})").contains("severityNumber"));
    CHECK_FALSE(record_of(R"({"level":35.5})").contains("severityNumber"));
}

TEST_CASE("an error is an exception, and its cause stays what it is")
{
    const auto seen = record_of(
        R"({"message":"m","err":{"type":"a","message":"b","stack":"c","cause":{"type":"d"}}})");
    CHECK(attribute_of(seen, "exception.type") == json::value{{"stringValue", "a"}});
    CHECK(attribute_of(seen, "exception.message") == json::value{{"stringValue", "b"}});
    CHECK(attribute_of(seen, "exception.stacktrace") == json::value{{"stringValue", "c"}});
    const json::value cause = attribute_of(seen, "err").at("kvlistValue").at("values").at(0);
    CHECK(cause.at("key") == "cause");
    CHECK(cause.at("value").at("kvlistValue").at("values").at(0).at("key") == "type");
}

TEST_CASE("what is no line of ours is a body, whatever it is")
{
    for (const std::string line : {"plain text", "{\"broken\":", "[1,2]", "", "{} {}"}) {
        CAPTURE(line);
        const auto seen = record_of(line);
        CHECK(seen.at("body").at("stringValue") == json::string_view{line});
        CHECK_FALSE(seen.contains("timeUnixNano"));
        CHECK_FALSE(seen.contains("attributes"));
    }
    const std::string deep = R"({"a":)" + std::string(100, '[') + std::string(100, ']') + "}";
    CHECK(record_of(deep).at("body").at("stringValue") == json::string_view{deep});
    const auto other = record_of(R"({"event":"x","list":[1,"a"]})");
    CHECK(other.at("body").at("stringValue") == R"({"event":"x","list":[1,"a"]})");
    CHECK(attribute_of(other, "list").at("arrayValue").at("values").at(1).at("stringValue") == "a");
}

TEST_CASE("ids and times that are none are attributes like all others")
{
    const auto seen = record_of(
        R"({"timestamp":"yesterday","trace_id":"xyz","span_id":"0000000000000000","msg":1})");
    CHECK_FALSE(seen.contains("timeUnixNano"));
    CHECK_FALSE(seen.contains("traceId"));
    CHECK_FALSE(seen.contains("spanId"));
    CHECK(attribute_of(seen, "trace_id") == json::value{{"stringValue", "xyz"}});
    CHECK(attribute_of(seen, "timestamp") == json::value{{"stringValue", "yesterday"}});
    CHECK(seen.at("body") == json::value{{"intValue", "1"}});
}

TEST_CASE("a record has one time, whatever a line calls its own")
{
    std::string out;
    append_log_record(
        out, R"({"time":1795946400123,"timestamp":"2026-11-29T10:00:00.456Z","msg":"m"})", 77);
    // A parser of ours takes the last of two names: they are counted.
    CHECK(out.find("\"timeUnixNano\"") == out.rfind("\"timeUnixNano\""));
    const json::object seen = json::parse(out).as_object();
    CHECK(seen.at("timeUnixNano") == "1795946400123000000");
    CHECK(attribute_of(seen, "timestamp") ==
          json::value{{"stringValue", "2026-11-29T10:00:00.456Z"}});
}

TEST_CASE("a time beyond what 64 bits of nanoseconds hold is an attribute")
{
    CHECK(record_of(R"({"timestamp":"2261-12-31T23:59:59.999Z"})").at("timeUnixNano") ==
          "9214646399999000000");
    for (const std::string late : {R"({"timestamp":"2262-01-01T00:00:00.000Z"})",
                                   R"({"timestamp":"9000-01-01T00:00:00.000Z"})",
                                   R"({"time":9223372036855})", R"({"time":18446744073710})"})
    {
        CAPTURE(late);
        CHECK_FALSE(record_of(late).contains("timeUnixNano"));
    }
    CHECK(record_of(R"({"time":9223372036854})").at("timeUnixNano") == "9223372036854000000");
}

TEST_CASE("a line that would grow without a bound is a body, as it is")
{
    std::string line = R"({"list":[[])";
    for (int i = 0; i < 10'000; ++i)
        line += ",[]";
    line += "]}";
    std::string out;
    append_log_record(out, line, 77);
    CHECK(out.size() <= record_growth_max * line.size() + record_words_max);
    const json::object seen = json::parse(out).as_object();
    CHECK(seen.at("body").at("stringValue") == json::string_view{line});
    CHECK_FALSE(seen.contains("attributes"));
}

TEST_CASE("each of our formats is read as it is written")
{
    const log::field more[] = {{"account", 17}};
    for (const auto shape : {log::format::json, log::format::pino}) {
        std::string line;
        log::detail::append_line(line,
                                 {.shape = shape, .worker = 1, .hostname = "h", .bytes_max = 4096},
                                 {.at = log::level::error,
                                  .message = "m",
                                  .more = more,
                                  .when = wall_time{milliseconds{1'795'946'400'123}}});
        const auto seen = record_of(line);
        CHECK(seen.at("timeUnixNano") == "1795946400123000000");
        CHECK(seen.at("severityNumber") == 17);
        CHECK(seen.at("body").at("stringValue") == "m");
        CHECK(attribute_of(seen, "account") == json::value{{"intValue", "17"}});
        CHECK(attribute_of(seen, "cohort.worker") == json::value{{"intValue", "1"}});
    }
}

TEST_CASE("lines travel in one envelope, each with the time at which it was left")
{
    otlp_resource of;
    of.set("service.name", "shop");
    const std::vector<export_item> lines{{"a", 10}, {"b", 20}};
    const auto all = json::parse(otlp_logs(of, lines, 5));
    const auto& only = all.at("resourceLogs").at(0);
    CHECK(only.at("resource").at("attributes").at(0).at("key") == "service.name");
    const auto& records = only.at("scopeLogs").at(0).at("logRecords");
    CHECK(records.at(0).at("observedTimeUnixNano") == "15");
    CHECK(records.at(1).at("body").at("stringValue") == "b");
}
