#include <cohort/base/utf8.hpp>

#include <doctest/doctest.h>

using cohort::as_utf8;
using cohort::cut_to;
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

TEST_CASE("a text is cut between characters, never within one")
{
    CHECK(cut_to("abc", 3) == "abc");
    CHECK(cut_to("abc", 2) == "ab");
    CHECK(cut_to("a€b", 4) == "a€");
    for (const std::size_t most : {1U, 2U, 3U})
        CHECK(cut_to("a€b", most) == "a");
    CHECK(cut_to("€", 2).empty());
    CHECK(cut_to("", 0).empty());
}

TEST_CASE("text stays as it is, and what is none can be shown")
{
    CHECK(as_utf8("é\n\x1b") == "é\n\x1b");
    CHECK(as_utf8("a\xc3\n") == "a??");
}
