#include <cohort/base/utf8.hpp>

#include <doctest/doctest.h>

using cohort::is_utf8;
using cohort::printable;

TEST_CASE("well-formed UTF-8 is told from everything else")
{
    for (const char* good : {"", "abc", "é", "€", "\U0001F600", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"})
        CHECK(is_utf8(good));
    for (const char* bad :
         {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
          "\xf5\x80\x80\x80", "\xff", "a\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3\x28"})
        CHECK_FALSE(is_utf8(bad));
}

TEST_CASE("what is shown moves no cursor: control characters, C1 among them, become question marks")
{
    CHECK(printable("a\tb") == "a b");
    CHECK(printable("\x1b[2J\r\n\x7f") == "?[2J???");
    // U+009B is a control sequence introducer in one character.
    CHECK(printable("\xc2\x9b"
                    "2J \xc2\x80\xc2\xa0") == "?2J ?\xc2\xa0");
    CHECK(printable("é € \U0001F600") == "é € \U0001F600");
    CHECK(printable("\x9b"
                    "2J\xc3") == "?2J?");
    CHECK(printable("\xe2\x82[") == "?\x3f[");
    CHECK(printable("").empty());
}
