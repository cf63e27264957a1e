#include <cohort/schema/writer.hpp>

#include <doctest/doctest.h>

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>

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

TEST_CASE("a text of any length is escaped, wherever the odd byte stands")
{
    for (std::size_t size = 0; size <= 40; ++size) {
        const std::string plain(size, 'a');
        CHECK(text(plain) == "\"" + plain + "\"");
        for (std::size_t at = 0; at < size; ++at) {
            std::string odd = plain;
            odd[at] = '"';
            std::string escaped = plain;
            escaped.replace(at, 1, "\\\"");
            CHECK(text(odd) == "\"" + escaped + "\"");
            odd[at] = '\xff';
            escaped.replace(at, 2, "\xef\xbf\xbd");
            CHECK(text(odd) == "\"" + escaped + "\"");
        }
    }
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
    CHECK(number(0.5) == "0.5");
    CHECK(number(-0.25) == "-0.25");
    CHECK(number(1.05) == "1.05");
    CHECK(number(999999999999.999) == "999999999999.999");
    CHECK(number(-999999999999.0) == "-999999999999");
    CHECK(number(0.0005) == "5e-04");
    CHECK(number(0.1F) == "0.1");
    CHECK(number(std::numeric_limits<double>::infinity()) == "null");
    CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "null");
    CHECK(integer(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(integer(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    CHECK(integer(std::uint8_t{65}) == "65");
}

TEST_CASE("every number of three places is written as it would be by hand, and read back the same")
{
    for (const std::int64_t whole :
         {std::int64_t{0}, std::int64_t{16}, std::int64_t{999'999'999'999}})
    {
        for (std::int64_t rest = 0; rest < 1000; ++rest) {
            std::string wanted =
                std::to_string(whole) + "." + std::to_string(1000 + rest).substr(1);
            wanted.erase(wanted.find_last_not_of('0') + 1);
            if (wanted.back() == '.')
                wanted.pop_back();
            double value = 0;
            std::from_chars(wanted.data(), wanted.data() + wanted.size(), value);
            CHECK(number(value) == wanted);
            CHECK(number(-value) == (value == 0 ? "-0" : "-" + wanted));
        }
    }
}

TEST_CASE("room is made for a text like the last one, and never for a very long one")
{
    room_hint room;
    room.note(1600);
    CHECK(room.bytes() == 1800);
    const room_hint copy = room;
    CHECK(copy.bytes() == 1800);
    room.note(100'000'000);
    CHECK(room.bytes() < 20'000);
    room.note(0);
    CHECK(room.bytes() == 0);
}
