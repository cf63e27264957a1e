#include "catalogue.hpp"

namespace cohort::protocol {

using namespace std::string_literals;

namespace {

/// A target that makes the request line `length` octets long.
std::string target_for_line(std::size_t length)
{
    const std::string around = "GET /echo? HTTP/1.1";
    return "/echo?" + std::string(length - around.size(), 'x');
}

/// A request whose head is `size` octets long.
std::string head_of(std::size_t size)
{
    const std::string rest = get("X: \r\n");
    return get("X: " + std::string(size - rest.size(), 'x') + "\r\n");
}

std::string fields(int count)
{
    std::string all;
    for (int i = 0; i < count; ++i)
        all += "X: a\r\n";
    return all;
}

std::string old(const std::string& more) { return "GET / HTTP/1.0\r\n" + more + "\r\n"; }

request asked(const std::string& method, const std::string& target, int status)
{
    return {.method = method, .target = target, .body = {}, .status = status};
}

std::string ask(const std::string& method, const std::string& target)
{
    return method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

}  // namespace

std::vector<wire_case> limit_cases()
{
    const std::string longest = target_for_line(8192);
    return {
        serves("a request line of 8192 octets", get_target(longest), {asked("GET", longest, 200)}),
        refuses("a request line of 8193 octets", 414, "http.request-line.long",
                get_target(target_for_line(8193))),
        refuses("a target of 12,000 octets", 414, "http.request-line.long",
                get_target("/" + std::string(12'000, 'x'))),
        refuses("a target that does not end", 414, "http.request-line.long",
                "GET /" + std::string(40'000, 'x')),
        refuses("an absolute target that does not end", 414, "http.request-line.long",
                "GET http://" + std::string(40'000, 'x')),
        serves("a hundred fields", get(fields(99))),
        refuses("a hundred and one fields", 431, "http.head.fields", get(fields(100))),
        refuses("a thousand fields", 431, "http.head.fields", get(fields(1000))),
        serves("a head of 16,384 octets", head_of(16'384)),
        refuses("a head of 16,385 octets", 431, "http.head.long", head_of(16'385)),
        refuses("a field that does not end", 431, "http.head.long",
                "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'x')),
        refuses("a field name that does not end", 431, "http.head.long",
                "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(40'000, 'x')),
        refuses("a cookie of 20,000 octets", 431, "http.head.long",
                get("Cookie: a=" + std::string(20'000, 'x') + "\r\n")),
        refuses("a method that does not end", 501, "http.request-line.method-long",
                std::string(40'000, 'M')),
    };
}

std::vector<wire_case> connection_cases()
{
    return {
        serves("HTTP/1.1 stays", get("")),
        serves("HTTP/1.1 with keep-alive stays", get("Connection: keep-alive\r\n")),
        serves("HTTP/1.1 with close", get("Connection: close\r\n")).closing(),
        serves("close in odd case", get("connection: Close\r\n")).closing(),
        serves("close in a list", get("Connection: foo, close\r\n")).closing(),
        serves("close between empty elements", get("Connection: , close ,\r\n")).closing(),
        serves("close beside keep-alive", get("Connection: close, keep-alive\r\n")).closing(),
        serves("keep-alive beside close", get("Connection: keep-alive, close\r\n")).closing(),
        serves("close on a second line", get("Connection: keep-alive\r\nConnection: close\r\n"))
            .closing(),
        serves("an option that nobody knows", get("Connection: foo\r\n")),
        serves("an option that contains close", get("Connection: not-close\r\n")),
        serves("an empty Connection", get("Connection:\r\n")),
        serves("a request after close is not answered", get("Connection: close\r\n") + get(""))
            .closing(),
        serves("HTTP/1.0 closes", old("")).closing(),
        serves("HTTP/1.0 with keep-alive stays", old("Connection: keep-alive\r\n")),
        serves("HTTP/1.0 with Keep-Alive in odd case stays", old("Connection: Keep-Alive\r\n")),
        serves("HTTP/1.0 with keep-alive and close", old("Connection: keep-alive, close\r\n"))
            .closing(),
        serves("two requests of HTTP/1.0 with keep-alive",
               old("Connection: keep-alive\r\n") + old("Connection: keep-alive\r\n"),
               {request{}, request{}}),
        serves("Proxy-Connection means nothing", get("Proxy-Connection: close\r\n")),
        serves("an upgrade that we do not speak is ignored",
               get("Connection: Upgrade\r\nUpgrade: h2c\r\n")),
        serves("an upgrade without its option is ignored", get("Upgrade: websocket\r\n")),
    };
}

std::vector<wire_case> semantics_cases()
{
    const std::string body = "Content-Length: 5\r\n";
    const auto expecting = [&body](const std::string& value) {
        return post(body + "Expect: " + value + "\r\n", "hello");
    };
    return {
        serves("HEAD has no body", ask("HEAD", "/") + get(""),
               {asked("HEAD", "/", 200), request{}}),
        serves("OPTIONS for a route", ask("OPTIONS", "/"), {asked("OPTIONS", "/", any_success)}),
        serves("PUT", "PUT /echo HTTP/1.1\r\nHost: a\r\n" + body + "\r\nhello",
               {{.method = "PUT", .target = "/echo", .body = "hello"}}),
        serves("DELETE with a body", "DELETE /echo HTTP/1.1\r\nHost: a\r\n" + body + "\r\nhello",
               {{.method = "DELETE", .target = "/echo", .body = "hello"}}),
        serves("GET with a body", "GET /echo HTTP/1.1\r\nHost: a\r\n" + body + "\r\nhello",
               {{.method = "GET", .target = "/echo", .body = "hello"}}),
        serves("a body that the route does not read",
               "GET / HTTP/1.1\r\nHost: a\r\n" + body + "\r\nhello" + get(""),
               {{.method = "GET", .target = "/", .body = "hello"}, request{}}),
        serves("POST where only GET is known", ask("POST", "/"), {asked("POST", "/", 405)}),
        serves("DELETE where only GET is known", ask("DELETE", "/"), {asked("DELETE", "/", 405)}),
        serves("a path that nobody knows", ask("GET", "/missing"), {asked("GET", "/missing", 404)}),
        serves("Expect: 100-continue", expecting("100-continue"), {echoed("hello")}),
        serves("Expect in odd case", expecting("100-Continue"), {echoed("hello")}),
        serves("Expect without a body", get("Expect: 100-continue\r\n")),
        serves("an empty Expect", expecting(""), {echoed("hello")}),
        serves("Expect in HTTP/1.0",
               "POST /echo HTTP/1.0\r\nExpect: 100-continue\r\n" + body + "\r\nhello",
               {echoed("hello")})
            .closing(),
        serves("an unknown Expect in HTTP/1.0", old("Expect: tea\r\n")).closing(),
        refuses("an unknown Expect", 417, "http.expect.unknown", expecting("tea")),
        refuses("half an Expect", 417, "http.expect.unknown", expecting("100")),
        refuses("a known Expect and an unknown", 417, "http.expect.unknown",
                expecting("100-continue, tea")),
        refuses("Expect with a parameter", 417, "http.expect.unknown",
                expecting("100-continue;a=b")),
    };
}

}  // namespace cohort::protocol
