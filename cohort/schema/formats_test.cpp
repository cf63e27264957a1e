#include <cohort/schema/formats.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

using namespace cohort::schema;

namespace {

void check_all(format which, std::initializer_list<const char*> good,
               std::initializer_list<const char*> bad)
{
    for (const char* text : good)
        CHECK_MESSAGE(has_format(text, which), text);
    for (const char* text : bad)
        CHECK_MESSAGE(!has_format(text, which), text);
}

}  // namespace

TEST_CASE("dates and times are those of RFC 3339, and exist")
{
    check_all(format::date_time,
              {"2026-11-29T01:11:43Z", "2026-11-29t01:11:43.123456z", "1990-12-31T23:59:60Z",
               "1990-12-31T15:59:60-08:00", "2024-02-29T00:00:00+23:59"},
              {"", "2026-11-29", "2026-11-29 01:11:43Z", "2026-11-29T01:11:43",
               "2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-31T00:00:00Z",
               "2026-11-29T24:00:00Z", "2026-11-29T01:60:00Z", "2026-11-29T01:11:60Z",
               "2026-11-29T01:11:43.Z", "2026-11-29T01:11:43+24:00", "2026-11-29T01:11:43+0100",
               "2026-11-29T01:11:43Zx"});
    check_all(format::date, {"2026-11-29", "2000-02-29"},
              {"1900-02-29", "2026-1-1", "2026-00-01", "2026-01-00", "26-01-01", "2026-01-01x"});
}

TEST_CASE("email addresses are mailboxes as people have them")
{
    check_all(format::email, {"a@b", "joe.bloggs+tag@example.com", "te~st@example.com", "x@a-b.c1"},
              {"", "a", "@b", "a@", "a@b@c", ".a@b", "a.@b", "a..b@c", "a b@c", "a@-b", "a@b-.c",
               "a@b..c", "a@.b", "a@b.", "\"a\"@b", "a@[127.0.0.1]"});
    CHECK_FALSE(has_format(std::string(65, 'a') + "@b", format::email));
    CHECK_FALSE(has_format("a@" + std::string(64, 'b'), format::email));
}

TEST_CASE("a UUID is 32 digits in five groups")
{
    check_all(format::uuid,
              {"2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380"},
              {"", "2eb8aa08-aa98-11ea-b4aa-73b441d1638", "2eb8aa08aa9811eab4aa73b441d16380",
               "2eb8aa08-aa98-11ea-b4aa-73b441d1638g", "2eb8-aa08-aa98-11ea-b4aa73b44-1d16380"});
}

TEST_CASE("addresses are written in full, without leading zeros")
{
    check_all(format::ipv4, {"0.0.0.0", "255.255.255.255", "192.168.0.1"},
              {"", "1.2.3", "1.2.3.4.5", "256.0.0.0", "01.2.3.4", "1.2.3.0x4", "1..2.3", "1.2.3.4 ",
               "1000.0.0.0"});
    check_all(format::ipv6,
              {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1::8", "::ffff:192.0.2.1", "1:2:3:4:5:6::8",
               "1:2:3:4:5:6:1.2.3.4", "ABCD::", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8"},
              {"", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
               "12345::", "g::", "1:", ":1", "::1:", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3",
               "fe80::1%eth0", "1::2:3:4:5:6:7:8", "1.2.3.4::", "::1.2.3.4:5"});
}

TEST_CASE("a URI is absolute and escapes what RFC 3986 does not allow")
{
    check_all(format::uri,
              {"http://example.com/a?b=c#d", "urn:isbn:123", "mailto:a@b.c", "http://[::1]:80/",
               "http://user:pw@host:80", "ldap://[2001:db8::7]/c=GB?objectClass?one",
               "a:", "file:///etc/passwd", "http://a/%20"},
              {"", "//example.com", "/a", "a", ":a", "1a:b", "http://a b", "http://[::1", "a:%zz",
               "a:%2", "http://a:b/", "http://a/<", "http://a/\\b", "a:b#c#d", "http://\xc3\xa9/",
               "http://[::1]x/", "http://a@b@c/"});
}
