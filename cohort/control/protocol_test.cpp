#include <cohort/control/protocol.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <variant>

using namespace cohort;
using namespace cohort::control;

namespace {

std::string_view without_newline(const std::string& line)
{
    REQUIRE(line.ends_with('\n'));
    return {line.data(), line.size() - 1};
}

error_code refusal_of(std::string_view line)
{
    const auto read = decode_request(line);
    REQUIRE_FALSE(read);
    return read.error().why();
}

}  // namespace

TEST_CASE("a request is read as it was written")
{
    request ask{"scale"};
    ask.slot = 3;
    ask.budget = milliseconds{1500};
    ask.arguments["to"] = "+2";
    const auto read = decode_request(without_newline(encode(ask)));
    REQUIRE(read);
    CHECK(read->verb == "scale");
    CHECK(read->slot == 3);
    CHECK(read->budget == milliseconds{1500});
    CHECK(read->arguments.at("to") == "+2");
}

TEST_CASE("progress and answers are told apart")
{
    const auto first = decode_word(without_newline(encode(progress{"2 of 3"})));
    REQUIRE(first);
    CHECK(std::get<progress>(*first).text == "2 of 3");

    const auto last =
        decode_word(without_newline(encode(answer{exit_code::degraded, "one slot parked"})));
    REQUIRE(last);
    CHECK(std::get<answer>(*last).code == exit_code::degraded);
    CHECK(std::get<answer>(*last).reason == "one slot parked");
}

TEST_CASE("what workers said last may be any bytes, and still is one line")
{
    const auto read = decode_word(without_newline(encode(answer{exit_code::done, "\xff\n\x01"})));
    REQUIRE(read);
    CHECK(std::get<answer>(*read).reason == "\xff\n\x01");
}

TEST_CASE("a message of another version is refused by its number, whatever else it says")
{
    CHECK(refusal_of(R"({"cohort":2,"dance":true})") == errc::not_supported);
}

TEST_CASE("a request that is not exactly one is refused")
{
    for (const std::string_view line :
         {R"()", R"([])", R"({"verb":"ls","slot":null,"budget_ms":1,"arguments":{}})",
          R"({"cohort":1,"slot":null,"budget_ms":1,"arguments":{}})",
          R"({"cohort":1,"verb":"LS","slot":null,"budget_ms":1,"arguments":{}})",
          R"({"cohort":1,"verb":"ls","slot":-1,"budget_ms":1,"arguments":{}})",
          R"({"cohort":1,"verb":"ls","slot":null,"budget_ms":-1,"arguments":{}})",
          R"({"cohort":1,"verb":"ls","slot":null,"budget_ms":99999999999,"arguments":{}})",
          R"({"cohort":1,"verb":"ls","slot":null,"budget_ms":1,"arguments":[]})",
          R"({"cohort":1,"verb":"ls","slot":null,"budget_ms":1,"arguments":{},"more":1})"})
    {
        CAPTURE(line);
        CHECK(refusal_of(line) == errc::malformed);
    }
}

TEST_CASE("an exit code that no verb has is refused")
{
    CHECK_FALSE(decode_word(R"({"cohort":1,"exit":8,"reason":"","data":{}})"));
    CHECK(decode_word(R"({"cohort":1,"exit":7,"reason":"","data":{}})"));
}

TEST_CASE("a request over its size is refused before it is parsed")
{
    const std::string line(request_bytes_max, 'x');
    CHECK(refusal_of(line) == errc::too_large);
}
