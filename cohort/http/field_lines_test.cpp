#include <cohort/http/field_lines.hpp>

#include <cohort/base/error.hpp>

#include <doctest/doctest.h>

using cohort::failure;
using cohort::http::field_lines;

TEST_CASE("header lines are kept as they are sent, in the order they were added")
{
    field_lines lines;
    lines.add("X-One", "1");
    lines.add("X-Two", "");
    CHECK(lines.wire() == "X-One: 1\r\nX-Two: \r\n");
    CHECK(lines.find("x-one") == "1");
    CHECK(lines.find("X-TWO") == "");
    CHECK_FALSE(lines.find("X-Three"));
    CHECK_FALSE(lines.find("One"));
}

TEST_CASE("setting a header replaces all lines of that name, adding keeps them")
{
    field_lines lines;
    lines.add("Set-Cookie", "a=1");
    lines.add("Vary", "Origin");
    lines.add("set-cookie", "b=2");
    CHECK(lines.find_all("Set-Cookie").size() == 2);
    CHECK(lines.find_all("Set-Cookie").back() == "b=2");
    lines.set("SET-COOKIE", "c=3");
    CHECK(lines.wire() == "Vary: Origin\r\nSET-COOKIE: c=3\r\n");
    lines.remove("vary");
    lines.remove("set-cookie");
    CHECK(lines.empty());
}

TEST_CASE("a value that is part of the lines can be set again")
{
    field_lines lines;
    lines.add("X-Id", "a value long enough to live on the heap");
    lines.set("X-Id", lines.find("X-Id").value());
    CHECK(lines.find("X-Id") == "a value long enough to live on the heap");
}

TEST_CASE("no text can break out of its header line")
{
    field_lines lines;
    lines.add("X-Kept", "yes");
    for (const char* bad : {"a\r\nInjected: 1", "a\nb", "a\rb", "\x01", "\x7f"})
        CHECK_THROWS_AS(lines.set("X-Kept", bad), failure);
    CHECK_THROWS_AS(lines.add("X-Nul", std::string_view{"a\0b", 3}), failure);
    for (const char* bad : {"", "X Y", "X:", "X\r\nY", "Ümlaut"})
        CHECK_THROWS_AS(lines.add(bad, "1"), failure);
    CHECK(lines.wire() == "X-Kept: yes\r\n");
}

TEST_CASE("lines that were checked before are added all at once, and found like others")
{
    field_lines ready;
    ready.add("X-Frame-Options", "DENY");
    ready.add("Referrer-Policy", "no-referrer");
    field_lines lines;
    lines.add("X-Id", "1");
    lines.add(ready);
    CHECK(lines.wire() == "X-Id: 1\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n");
    CHECK(lines.find("x-frame-options") == "DENY");
    lines.set("REFERRER-POLICY", "origin");
    CHECK(lines.wire() == "X-Id: 1\r\nX-Frame-Options: DENY\r\nREFERRER-POLICY: origin\r\n");
}

TEST_CASE("lines with a name in common, whatever its case, are not disjoint")
{
    field_lines ready;
    ready.add("X-Frame-Options", "DENY");
    field_lines lines;
    CHECK(lines.is_disjoint(ready));
    lines.add("X-Id", "1");
    CHECK(lines.is_disjoint(ready));
    lines.add("x-FRAME-options", "SAMEORIGIN");
    CHECK_FALSE(lines.is_disjoint(ready));
}
