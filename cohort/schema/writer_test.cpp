#include <cohort/schema/writer.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace cohort::schema;

namespace {

std::string text(std::string_view from)
{
    std::string out;
    append_text(out, from);
    return out;
}
template <class T>
std::string number(T from)
{
    std::string out;
    append_number(out, from);
    return out;
}
template <class T>
std::string integer(T from)
{
    std::string out;
    append_integer(out, from);
    return out;
}

}  // namespace

TEST_CASE("texts are escaped where they must be, and stay as they are elsewhere")
{
    CHECK(text("") == "\"\"");
    CHECK(text("12345678\"\\\b\f\n\r\t\x01\x1f/\x7f") ==
          "\"12345678\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f\"");
    CHECK(text("gr\xc3\xbc\xc3\x9f") == "\"gr\xc3\xbc\xc3\x9f\"");
    CHECK(text(std::string_view{"\0", 1}) == "\"\\u0000\"");
}

TEST_CASE("bytes that are no UTF-8 become the replacement character")
{
    CHECK(text("a\xff\"\xc3\xbc\xc3") == "\"a\xef\xbf\xbd\\\"\xc3\xbc\xef\xbf\xbd\"");
}

TEST_CASE("numbers have as many digits as they need")
{
    CHECK(number(0.1) == "0.1");
    CHECK(number(1e300) == "1e+300");
    CHECK(number(-0.0) == "-0");
    CHECK(number(100000.0) == "100000");
    CHECK(number(-9.99) == "-9.99");
    CHECK(number(0.001) == "0.001");
    CHECK(number(1234567890.125) == "1234567890.125");
    CHECK(number(0.30000000000000004) == "0.30000000000000004");
    CHECK(number(123456789012.345) == "123456789012.345");
    CHECK(number(0.1F) == "0.1");
    CHECK(number(std::numeric_limits<double>::infinity()) == "null");
    CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "null");
    CHECK(integer(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(integer(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    CHECK(integer(std::uint8_t{65}) == "65");
}
