#include <cohort/http/proxy_header.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;
using namespace std::string_literals;

namespace {

using status = proxy_header_status;

/// Reads `header` with a request behind it, byte by byte as it would arrive; checks that nothing
/// is decided early or late. Returns "address:port", "itself" or "malformed".
std::string read(const std::string& header)
{
    const std::string bytes = header + "GET / HTTP/1.1\r\n";
    for (std::size_t got = 0; got <= bytes.size(); ++got) {
        const auto so_far = read_proxy_header(std::string_view{bytes}.substr(0, got));
        if (so_far.status == status::need_more) {
            REQUIRE(got < header.size());
            continue;
        }
        const auto whole = read_proxy_header(bytes);
        CHECK(whole.status == so_far.status);
        if (so_far.status == status::malformed)
            return "malformed";
        CHECK(got == header.size());
        CHECK(so_far.bytes == header.size());
        CHECK(whole.bytes == header.size());
        CHECK(whole.from == so_far.from);
        return so_far.from ? so_far.from->text() : "itself";
    }
    return "undecided";
}

/// A header of version 2.
std::string binary(char command, char family, const std::string& rest)
{
    std::string out = "\r\n\r\n\0\r\nQUIT\n"s;
    out += command;
    out += family;
    out += static_cast<char>(rest.size() >> 8);
    out += static_cast<char>(rest.size() & 255);
    return out + rest;
}

const std::string two_v4 = "\xc0\x00\x02\x01\xc0\x00\x02\x02\xdc\x04\x01\xbb"s;

}  // namespace

TEST_CASE("version 1 names the client in one line")
{
    CHECK(read("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n") == "192.0.2.1:56324");
    CHECK(read("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n") == "[2001:db8::1]:0");
    CHECK(read("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n") == "192.0.2.1:1");
    CHECK(read("PROXY UNKNOWN\r\n") == "itself");
    CHECK(read("PROXY UNKNOWN ffff::1 whatever 1 2\r\n") == "itself");
}

TEST_CASE("version 1 is taken as it is specified or not at all")
{
    for (const char* line :
         {"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\n", "PROXY TCP4 192.0.2.1 192.0.2.2 56324\r\n",
          "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 1\r\n",
          "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n", "PROXY TCP4 ::1 ::2 1 2\r\n",
          "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 65536 443\r\n",
          "PROXY TCP4 192.0.2.1 192.0.2.2 01 443\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
          "PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n", "PROXY\r\n", "PROXY \r\n", "proxy UNKNOWN\r\n",
          "GET / HTTP/1.1\r\n"})
        CHECK_MESSAGE(read(line) == "malformed", line);
    CHECK(read("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n") == "itself");
    CHECK(read("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n") == "malformed");
}

TEST_CASE("version 2 names the client in octets, and what is added is read over")
{
    CHECK(read(binary('\x21', '\x11', two_v4)) == "192.0.2.1:56324");
    CHECK(read(binary('\x21', '\x11', two_v4 + "\x04\x00\x03xyz"s)) == "192.0.2.1:56324");
    const std::string v6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01" +
                           std::string(16, '\0') + "\x00\x50\x01\xbb"s;
    CHECK(read(binary('\x21', '\x21', v6)) == "[2001:db8::1]:80");
    CHECK(read(binary('\x21', '\x31', std::string(216, 'x'))) == "unknown");
}

TEST_CASE("a proxy may speak for itself, or not know for whom")
{
    CHECK(read(binary('\x20', '\x00', "")) == "itself");
    CHECK(read(binary('\x20', '\x11', two_v4)) == "itself");
    CHECK(read(binary('\x20', '\x11', "x")) == "itself");
    CHECK(read(binary('\x21', '\x00', "tlv")) == "itself");
}

TEST_CASE("version 2 with another command, family or length is refused at that byte")
{
    CHECK(read(binary('\x11', '\x11', two_v4)) == "malformed");
    CHECK(read(binary('\x22', '\x11', two_v4)) == "malformed");
    CHECK(read(binary('\x21', '\x13', two_v4)) == "malformed");
    CHECK(read(binary('\x21', '\x41', two_v4)) == "malformed");
    CHECK(read(binary('\x21', '\x11', two_v4.substr(1))) == "malformed");
    CHECK(read(binary('\x21', '\x21', two_v4)) == "malformed");
    CHECK(read(binary('\x20', '\x00', std::string(proxy_header_bytes_max - 16, 'x'))) == "itself");
    CHECK(read(binary('\x20', '\x00', std::string(proxy_header_bytes_max - 15, 'x'))) ==
          "malformed");
    CHECK(read_proxy_header("\r\n\r\nX").status == status::malformed);
    CHECK(read_proxy_header("").status == status::need_more);
}
