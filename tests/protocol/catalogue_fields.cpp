#include "catalogue.hpp"

namespace cohort::protocol {

using namespace std::string_literals;

namespace {

wire_case bad(const std::string& name, const std::string& rule, const std::string& fields)
{
    return refuses(name, 400, rule, get(fields));
}

wire_case good(const std::string& name, const std::string& fields)
{
    return serves(name, get(fields));
}

std::string with_host(const std::string& value)
{
    return "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n";
}

wire_case bad_host(const std::string& name, const std::string& value)
{
    return refuses(name, 400, "http.host.invalid", with_host(value));
}

}  // namespace

std::vector<wire_case> field_cases()
{
    std::vector<wire_case> all{
        good("no space after the colon", "X:a\r\n"),
        good("many spaces around a value", "X: \t  a \t \r\n"),
        good("an empty value", "X:\r\n"),
        good("a value of spaces", "X:    \r\n"),
        good("a tab inside a value", "X: a\tb\r\n"),
        good("colons and quotes in a value", "X: a:b \"c\" :\r\n"),
        good("octets above ASCII in a value", "X: caf\xe9 \xff\x80\r\n"),
        good("all the letters a name may have", "!#$%&'*+-.^_`|~09azAZ: x\r\n"),
        good("the same field twice", "X: a\r\nx: b\r\n"),
        bad("a space before the colon", "http.field.name-space", "X : a\r\n"),
        bad("a tab before the colon", "http.field.name-space", "X\t: a\r\n"),
        bad("a space inside a name", "http.field.name-space", "X Y: a\r\n"),
        bad("a space before the colon of Content-Length", "http.field.name-space",
            "Content-Length : 0\r\n"),
        bad("a line without a colon", "http.field.no-colon", "X\r\n"),
        bad("a field without a name", "http.field.name-empty", ": a\r\n"),
        bad("a colon alone", "http.field.name-empty", ":\r\n"),
        bad("a folded line", "http.field.fold", "X: a\r\n b\r\n"),
        bad("a line folded with a tab", "http.field.fold", "X: a\r\n\tb\r\n"),
        bad("a folded line of nothing but a space", "http.field.fold", "X: a\r\n \r\n"),
        bad("Transfer-Encoding on a folded line", "http.field.fold",
            "X: a\r\n Transfer-Encoding: chunked\r\n"),
        refuses("a space before the first field", 400, "http.field.leading-space",
                "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        refuses("a tab before the first field", 400, "http.field.leading-space",
                "GET / HTTP/1.1\r\n\tX: a\r\nHost: a\r\n\r\n"),
        refuses("a line of one space before the fields", 400, "http.field.leading-space",
                "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n"),
        bad("an octet above ASCII in a name", "http.field.name", "X\xe9: a\r\n"),
        bad("NUL in a name", "http.field.name", "X\0Y: a\r\n"s),
        bad("a control character in a name", "http.field.name", "X\x01: a\r\n"),
        bad("DEL in a name", "http.field.name", "X\x7f: a\r\n"),
        bad("NUL in a value", "http.field.value", "X: a\0b\r\n"s),
        bad("a value that begins with NUL", "http.field.value", "X: \0\r\n"s),
        bad("a control character in a value", "http.field.value", "X: a\x01\r\n"),
        bad("a bell in a value", "http.field.value", "X: \a\r\n"),
        bad("a vertical tab in a value", "http.field.value", "X: a\vb\r\n"),
        bad("a form feed in a value", "http.field.value", "X: a\fb\r\n"),
        bad("an escape in a value", "http.field.value", "X: \x1b[31m\r\n"),
        bad("the last control character in a value", "http.field.value", "X: 12345678\x1f\r\n"),
        bad("DEL in a value", "http.field.value", "X: 12345678\x7f\r\n"),
    };
    for (const char c : "()<>@,;\\\"/[]?={}"s)
        all.push_back(bad("a "s + c + " in a name", "http.field.name", "X"s + c + ": a\r\n"));
    return all;
}

std::vector<wire_case> host_cases()
{
    return {
        serves("a host with a port", with_host("a:80")),
        serves("a host with an empty port", with_host("a:")),
        serves("a host with zeros before its port", with_host("a:00080")),
        serves("an IPv4 address", with_host("127.0.0.1:80")),
        serves("an IPv6 address", with_host("[::1]")),
        serves("an IPv6 address with a port", with_host("[2001:db8::1]:80")),
        serves("an address of a version to come", with_host("[v1.a:b]")),
        serves("an escape in a host", with_host("a%41")),
        serves("an underscore in a host", with_host("a_b.example")),
        serves("Host in odd case", "GET / HTTP/1.1\r\nhOsT: a\r\n\r\n"),
        serves("Host after other fields", "GET / HTTP/1.1\r\nX: a\r\nHost: a\r\n\r\n"),
        serves("an empty Host", with_host("")),
        serves("no Host in HTTP/1.0", "GET / HTTP/1.0\r\nX: a\r\n\r\n").closing(),
        refuses("no Host", 400, "http.host.missing", "GET / HTTP/1.1\r\n\r\n"),
        refuses("fields, but no Host", 400, "http.host.missing",
                "GET / HTTP/1.1\r\nX: a\r\nHosts: a\r\n\r\n"),
        refuses("Host twice, the same", 400, "http.host.repeated", get("Host: a\r\n")),
        refuses("Host twice, different", 400, "http.host.repeated", get("Host: b\r\n")),
        refuses("Host twice, the second empty", 400, "http.host.repeated", get("Host:\r\n")),
        refuses("Host twice in HTTP/1.0", 400, "http.host.repeated",
                "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
        refuses("a broken Host in HTTP/1.0", 400, "http.host.invalid",
                "GET / HTTP/1.0\r\nHost: a b\r\n\r\n"),
        refuses("a space before the colon of Host", 400, "http.field.name-space",
                "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        bad_host("a space in Host", "a b"),
        bad_host("a tab in Host", "a\tb"),
        bad_host("two hosts in one Host", "a, b"),
        bad_host("a path in Host", "a/b"),
        bad_host("a URI in Host", "http://a"),
        bad_host("a user in Host", "u@a"),
        bad_host("a query in Host", "a?b"),
        bad_host("a fragment in Host", "a#b"),
        bad_host("a backslash in Host", "a\\b"),
        bad_host("quotes around Host", "\"a\""),
        bad_host("angle brackets in Host", "<a>"),
        bad_host("an octet above ASCII in Host", "caf\xe9"),
        bad_host("a broken escape in Host", "a%4"),
        bad_host("a port of letters in Host", "a:http"),
        bad_host("a sign in the port of Host", "a:-1"),
        bad_host("a port beyond 65535 in Host", "a:65536"),
        bad_host("two ports in Host", "a:80:80"),
        bad_host("a port alone in Host", ":80"),
        bad_host("an IPv6 address without brackets in Host", "::1"),
        bad_host("an IPv6 address that is not closed in Host", "[::1"),
        bad_host("letters after an IPv6 address in Host", "[::1]x"),
        bad_host("a broken IPv6 address in Host", "[1::2::3]"),
        bad_host("an empty IPv6 address in Host", "[]"),
        bad_host("NUL-like escapes cut short in Host", "a%"),
    };
}

}  // namespace cohort::protocol
