#include <cohort/http/grammar.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort::http;

namespace {

std::vector<std::string> elements(std::string_view list)
{
    std::vector<std::string> all;
    for (auto one = next_element(list); !one.empty(); one = next_element(list))
        all.emplace_back(one);
    return all;
}

}  // namespace

TEST_CASE("a list gives its elements without white space, empty ones skipped, quotes kept whole")
{
    CHECK(elements("a, b ,c") == std::vector<std::string>{"a", "b", "c"});
    CHECK(elements(" , a,, ,b,") == std::vector<std::string>{"a", "b"});
    CHECK(elements("a;x=\"1,2\", b") == std::vector<std::string>{"a;x=\"1,2\"", "b"});
    CHECK(elements("a=\"\\\",\", b") == std::vector<std::string>{"a=\"\\\",\"", "b"});
    CHECK(elements("").empty());
    CHECK(elements(" ,, ").empty());
}

TEST_CASE("a quoted string that ends in a backslash does not end the reader")
{
    CHECK(elements("a=\"\\") == std::vector<std::string>{"a=\"\\"});
    CHECK(elements("\"") == std::vector<std::string>{"\""});
}

TEST_CASE("list_has finds whole elements in any case")
{
    CHECK(list_has("Keep-Alive, Upgrade", "upgrade"));
    CHECK_FALSE(list_has("upgraded", "upgrade"));
    CHECK_FALSE(list_has("", "upgrade"));
}

TEST_CASE("a token is one or more of its characters and nothing else")
{
    CHECK(is_token("!#$%&'*+-.^_`|~09azAZ"));
    CHECK_FALSE(is_token(""));
    for (const char c : std::string_view{"\0 \t\"(),/:;<=>?@[\\]{}\x7f\x80\xff", 23})
        CHECK_FALSE(is_token(std::string(1, c)));
}

TEST_CASE("a field value holds tabs, spaces, what is visible, and octets above ASCII")
{
    CHECK(is_field_value("a\tb c \x80\xff~"));
    CHECK(is_field_value(""));
    for (const char c : std::string_view{"\0\r\n\x01\x1f\x7f", 6})
        CHECK_FALSE(is_field_value(std::string(1, c)));
}

TEST_CASE("letters compare without case, and only letters do")
{
    CHECK(equal_ignoring_case("Content-Length", "cONTENT-lENGTH"));
    CHECK_FALSE(equal_ignoring_case("a", "ab"));
    CHECK_FALSE(equal_ignoring_case("@", "`"));
    CHECK_FALSE(equal_ignoring_case("[", "{"));
}

TEST_CASE("a word is found in any case, and nothing but it")
{
    for (const char* text : {"transfer-encoding", "Transfer-Encoding", "TRANSFER-ENCODING"})
        CHECK_MESSAGE(is_word(text, "transfer-encoding"), text);
    for (const char* text : {"transfer_encoding", "transfer-encodinG ", "transfer-encodin",
                             "uransfer-encoding", "transfer-encodinh", "transfes-encoding", ""})
        CHECK_MESSAGE(!is_word(text, "transfer-encoding"), text);
    for (int octet = 0x20; octet < 256; ++octet) {
        const std::string text(1, static_cast<char>(octet));
        CHECK(is_word(text, "a") == equal_ignoring_case(text, "a"));
        CHECK(is_word(text, "-") == equal_ignoring_case(text, "-"));
    }
}

TEST_CASE("hexadecimal digits have values and nothing else does")
{
    CHECK(hex_value('0') == 0);
    CHECK(hex_value('9') == 9);
    CHECK(hex_value('a') == 10);
    CHECK(hex_value('F') == 15);
    CHECK(hex_value('g') == -1);
    CHECK(hex_value(' ') == -1);
}

TEST_CASE("a host is a name or an address, with an optional port, and nothing more")
{
    for (const char* good : {"", "a", "a:", "a:0", "a:65535", "a.b-c_d~", "1.2.3.4:80", "[::1]",
                             "[::1]:80", "[::ffff:1.2.3.4]", "[v1.x]", "a%20b", "!$&'()*+,;="})
        CHECK_MESSAGE(is_host_and_port(good), good);
    for (const char* bad : {":80", "a:b", "a:65536", "a:+1", "a b", "a/", "a@b", "::1", "[::1",
                            "[]", "[::1]80", "[v.x]", "[v1.]", "[1.2.3.4]", "a%2", "a%zz", "a%"})
        CHECK_MESSAGE(!is_host_and_port(bad), bad);
    CHECK_FALSE(is_host_and_port({"[::1\0]", 6}));
}
