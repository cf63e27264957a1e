#include <cohort/http/detail/utf8.hpp>

#include <doctest/doctest.h>

using cohort::http::detail::is_utf8;

TEST_CASE("well-formed UTF-8 is told from everything else")
{
    for (const char* good : {"", "abc", "é", "€", "\U0001F600", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"})
        CHECK(is_utf8(good));
    for (const char* bad :
         {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
          "\xf5\x80\x80\x80", "\xff", "a\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3\x28"})
        CHECK_FALSE(is_utf8(bad));
}
