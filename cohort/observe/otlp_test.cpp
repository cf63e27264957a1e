#include <cohort/observe/otlp.hpp>

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::observe;
using namespace std::chrono_literals;

namespace {

std::string value_text(const attribute_value& value)
{
    std::string out;
    append_attribute_value(out, value);
    return out;
}

}  // namespace

TEST_CASE("a span is written as OTLP's JSON has it")
{
    span_data what;
    what.context.trace = {0x0af7651916cd43dd, 0x8448eb211c80319c};
    what.context.span = {0xb7ad6b7169203331};
    what.context.flags = 1;
    what.context.state = "a=1";
    what.parent = {1};
    what.parent_is_remote = true;
    what.kind = span_kind::server;
    what.name = "GET /\"x\"";
    what.began = steady_time{} + 1s;
    what.attributes = {{"b", true}};
    what.events = {{.name = "e", .when = steady_time{} + 2s, .attributes = {{"n", -5}}}};
    what.dropped_attributes = 3;
    what.dropped_events = 4;
    what.status = span_status::error;
    what.message = "no";
    std::string out;
    append_span(out, what,
                {.ended = steady_time{} + 3s, .ended_unix_ns = 1'700'000'003'000'000'000});
    CHECK(out ==
          R"({"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331",)"
          R"("traceState":"a=1","parentSpanId":"0000000000000001","flags":769,)"
          R"("name":"GET /\"x\"","kind":2,"startTimeUnixNano":"1700000001000000000",)"
          R"("endTimeUnixNano":"1700000003000000000",)"
          R"("attributes":[{"key":"b","value":{"boolValue":true}}],"droppedAttributesCount":3,)"
          R"("events":[{"timeUnixNano":"1700000002000000000","name":"e",)"
          R"("attributes":[{"key":"n","value":{"intValue":"-5"}}]}],"droppedEventsCount":4,)"
          R"("status":{"message":"no","code":2}})");
}

TEST_CASE("values keep their type, and numbers that JSON does not have are strings")
{
    CHECK(value_text("a\n") == R"({"stringValue":"a\n"})");
    CHECK(value_text(false) == R"({"boolValue":false})");
    CHECK(value_text(std::int64_t{1} << 60) == R"({"intValue":"1152921504606846976"})");
    CHECK(value_text(0.1) == R"({"doubleValue":0.1})");
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(value_text(infinity) == R"({"doubleValue":"Infinity"})");
    CHECK(value_text(-infinity) == R"({"doubleValue":"-Infinity"})");
    CHECK(value_text(std::numeric_limits<double>::quiet_NaN()) == R"({"doubleValue":"NaN"})");
}

TEST_CASE("spans travel in one envelope that says whose they are")
{
    otlp_resource of;
    of.set("service.name", "shop");
    of.set("service.name", "cart");
    of.set("n", std::int64_t{1});
    CHECK(*of.find("service.name") == attribute_value{"cart"});
    CHECK(of.find("x") == nullptr);
    const std::vector<export_item> spans{{R"({"name":"a"})"}, {R"({"name":"b"})"}};
    const auto all = boost::json::parse(otlp_traces(of, spans));
    const auto& only = all.at("resourceSpans").at(0);
    CHECK(only.at("resource").at("attributes").at(0).at("value").at("stringValue") == "cart");
    CHECK(only.at("scopeSpans").at(0).at("scope").at("name") == "cohort");
    CHECK(only.at("scopeSpans").at(0).at("spans").at(1).at("name") == "b");
}
