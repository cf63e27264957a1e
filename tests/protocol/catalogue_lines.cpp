#include "catalogue.hpp"

namespace cohort::protocol {

using namespace std::string_literals;

namespace {

const std::string host = "Host: a\r\n";

std::string line(const std::string& request_line) { return request_line + "\r\n" + host + "\r\n"; }

wire_case unknown_method(const std::string& name, const std::string& method)
{
    return serves(name, line(method + " / HTTP/1.1"),
                  {{.method = method, .target = "/", .body = {}, .status = 501}})
        .in_either_case();
}

}  // namespace

std::vector<wire_case> line_cases()
{
    const std::string plain = get("");
    return {
        serves("a plain request", plain),
        serves("two requests in one packet", plain + plain, {request{}, request{}}),
        serves("an empty line before the request line", "\r\n" + plain),
        serves("four empty lines before the request line", "\r\n\r\n\r\n\r\n" + plain),
        serves("an empty line between two requests", plain + "\r\n" + plain,
               {request{}, request{}}),
        refuses("five empty lines before the request line", 400, "http.line.empty",
                "\r\n\r\n\r\n\r\n\r\n" + plain),
        refuses("LF alone after the request line", 400, "http.line.bare-lf",
                "GET / HTTP/1.1\n" + host + "\r\n"),
        refuses("LF alone after a field", 400, "http.line.bare-lf",
                "GET / HTTP/1.1\r\nHost: a\n\r\n"),
        refuses("LF alone as the empty line", 400, "http.line.bare-lf",
                "GET / HTTP/1.1\r\n" + host + "\n"),
        refuses("LF alone everywhere", 400, "http.line.bare-lf", "GET / HTTP/1.1\nHost: a\n\n"),
        refuses("LF alone before the request line", 400, "http.line.bare-lf", "\n" + plain),
        refuses("LF and CR the wrong way round", 400, "http.line.bare-lf",
                "GET / HTTP/1.1\n\rHost: a\n\r\n\r"),
        refuses("LF alone after the method", 400, "http.line.bare-lf", "GET\n/ HTTP/1.1\r\n"),
        refuses("LF alone instead of the version", 400, "http.line.bare-lf", "GET /\n" + host),
        refuses("CR alone after the request line", 400, "http.line.bare-cr",
                "GET / HTTP/1.1\r" + host + "\r\n"),
        refuses("CR alone inside a field value", 400, "http.line.bare-cr", get("X: a\rb\r\n")),
        refuses("CR CR LF after a field", 400, "http.line.bare-cr", get("X: a\r\r\n")),
        refuses("CR alone as the empty line", 400, "http.line.bare-cr",
                "GET / HTTP/1.1\r\n" + host + "\rX: b\r\n\r\n"),
        refuses("CR alone before the request line", 400, "http.line.bare-cr", "\r" + plain),
        refuses("a field smuggled behind CR alone", 400, "http.line.bare-cr",
                get("X: a\rContent-Length: 5\r\n")),
        refuses("a space before the method", 400, "http.request-line.leading-space", " " + plain),
        refuses("a tab before the method", 400, "http.request-line.leading-space", "\t" + plain),
        refuses("NUL before the method", 400, "http.request-line.method", "\0"s + plain),
        refuses("a byte order mark before the method", 400, "http.request-line.method",
                "\xef\xbb\xbf" + plain),
        refuses("a TLS handshake on a plain port", 400, "http.request-line.method",
                "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s),
        refuses("garbage after a good request", 400, "http.request-line.method",
                plain + "\x01\x02\x03\r\n\r\n")
            .first({request{}}),
    };
}

std::vector<wire_case> request_line_cases()
{
    return {
        refuses("two spaces after the method", 400, "http.request-line.space",
                line("GET  / HTTP/1.1")),
        refuses("two spaces before the version", 400, "http.request-line.space",
                line("GET /  HTTP/1.1")),
        refuses("a tab after the method", 400, "http.request-line.space", line("GET\t/ HTTP/1.1")),
        refuses("a tab before the version", 400, "http.request-line.space",
                line("GET /\tHTTP/1.1")),
        refuses("a form feed after the method", 400, "http.request-line.method",
                line("GET\f/ HTTP/1.1")),
        refuses("a space after the version", 400, "http.request-line.space",
                line("GET / HTTP/1.1 ")),
        refuses("a tab after the version", 400, "http.request-line.space",
                line("GET / HTTP/1.1\t")),
        refuses("a second version", 400, "http.request-line.space",
                line("GET / HTTP/1.1 HTTP/1.1")),
        refuses("a space inside the target", 400, "http.version.malformed",
                line("GET /a b HTTP/1.1")),
        refuses("no version, as in HTTP/0.9", 400, "http.request-line.version-missing",
                "GET /\r\n\r\n"),
        refuses("no target", 400, "http.request-line.version-missing", line("GET HTTP/1.1")),
        refuses("a method and nothing else", 400, "http.request-line.version-missing", line("GET")),
        refuses("a space instead of the version", 400, "http.request-line.space", line("GET / ")),

        refuses("@ in the method", 400, "http.request-line.method", line("G@T / HTTP/1.1")),
        refuses("quotes around the method", 400, "http.request-line.method",
                line("\"GET\" / HTTP/1.1")),
        refuses("a colon in the method", 400, "http.request-line.method", line("GET: / HTTP/1.1")),
        refuses("a comma in the method", 400, "http.request-line.method", line("GET, / HTTP/1.1")),
        refuses("a control character in the method", 400, "http.request-line.method",
                line("GE\x01T / HTTP/1.1")),
        refuses("an octet above ASCII in the method", 400, "http.request-line.method",
                line("G\xc3\x89T / HTTP/1.1")),
        refuses("a method of 33 letters", 501, "http.request-line.method-long",
                line(std::string(33, 'M') + " / HTTP/1.1")),
        unknown_method("a method of 32 letters", std::string(32, 'M')),
        unknown_method("a method in lower case", "get"),
        unknown_method("a method with a known beginning", "GETS"),
        unknown_method("a method of WebDAV", "PROPFIND"),
        unknown_method("a method with all the odd letters a token has", "!#$%&'*+-.^_`|~"),
    };
}

std::vector<wire_case> version_cases()
{
    const auto unsupported = [](const std::string& name, const std::string& version) {
        return refuses(name, 505, "http.version.unsupported", line("GET / " + version));
    };
    const auto malformed = [](const std::string& name, const std::string& version) {
        return refuses(name, 400, "http.version.malformed", line("GET / " + version));
    };
    return {
        serves("HTTP/1.0", "GET / HTTP/1.0\r\n\r\n").closing(),
        serves("HTTP/1.2 is served as HTTP/1.1", line("GET / HTTP/1.2")),
        serves("HTTP/1.9 is served as HTTP/1.1", line("GET / HTTP/1.9")),
        unsupported("HTTP/0.9", "HTTP/0.9"),
        unsupported("HTTP/2.0", "HTTP/2.0"),
        unsupported("HTTP/3.0", "HTTP/3.0"),
        unsupported("HTTP/9.9", "HTTP/9.9"),
        refuses("the preface of HTTP/2", 505, "http.version.unsupported",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        malformed("a version in lower case", "http/1.1"),
        malformed("a version with one capital", "Http/1.1"),
        malformed("two digits after the dot", "HTTP/1.10"),
        malformed("two digits before the dot", "HTTP/01.1"),
        malformed("a version without its dot", "HTTP/11"),
        malformed("a version that stops at the dot", "HTTP/1."),
        malformed("a major version alone", "HTTP/2"),
        malformed("a comma for the dot", "HTTP/1,1"),
        malformed("a letter for a digit", "HTTP/1.x"),
        malformed("a sign in the version", "HTTP/-1.1"),
        malformed("a space in the version", "HTTP/ 1.1"),
        malformed("a space before the dot", "HTTP/1 .1"),
        malformed("a letter after the version", "HTTP/1.1x"),
        malformed("another protocol", "XTTP/1.1"),
        malformed("HTTPS as a version", "HTTPS/1.1"),
        malformed("a slash too many", "HTTP//1.1"),
        malformed("no slash", "HTTP1.1"),
        malformed("a version without a name", "/1.1"),
        malformed("NUL in the version", "HTTP/1.\0"s),
        malformed("ICY, as radios say", "ICY/1.1"),
    };
}

}  // namespace cohort::protocol
