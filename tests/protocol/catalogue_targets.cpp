#include "catalogue.hpp"

namespace cohort::protocol {

using namespace std::string_literals;

namespace {

wire_case seen(const std::string& name, const std::string& target, int status = 200)
{
    return serves(name, get_target(target),
                  {{.method = "GET", .target = target, .body = {}, .status = status}});
}

wire_case bad(const std::string& name, const std::string& rule, const std::string& target)
{
    return refuses(name, 400, rule, get_target(target));
}

void add_origin(std::vector<wire_case>& all)
{
    for (const char c : "\"<>\\^`{|}"s) {
        const std::string shown(1, c);
        all.push_back(
            bad("a raw " + shown + " in the path", "http.target.character", "/echo" + shown));
        all.push_back(
            bad("a raw " + shown + " in the query", "http.target.character", "/echo?" + shown));
    }
    const std::vector<wire_case> more{
        seen("a query", "/echo?a=1&b=2"),
        seen("an empty query", "/echo?"),
        seen("question marks in a query", "/echo?a?b=/c"),
        seen("escapes in a query", "/echo?a=%20%C3%A9"),
        seen("brackets in a query, as browsers send them", "/echo?filter[name]=x"),
        seen("all that a path may hold", "/-._~!$&'()*+,;=:@%41", 404),
        seen("two slashes", "//", 404),
        bad("brackets in a path", "http.target.character", "/a[0]"),
        bad("a fragment", "http.target.fragment", "/#top"),
        bad("a fragment after a query", "http.target.fragment", "/?a=1#top"),
        bad("% at the end", "http.target.percent", "/%"),
        bad("% and one digit", "http.target.percent", "/%4"),
        bad("% and no digits", "http.target.percent", "/%zz"),
        bad("% and half a number", "http.target.percent", "/%4g"),
        bad("% in the query", "http.target.percent", "/?a=%"),
        bad("%u of old scripts", "http.target.percent", "/%u0041"),
        bad("NUL in the path", "http.target.character", "/\0"s),
        bad("a control character in the path", "http.target.character", "/\x01"),
        bad("a bell in the query", "http.target.character", "/?\a"),
        bad("DEL in the path", "http.target.character", "/\x7f"),
        bad("raw UTF-8 in the path", "http.target.character", "/caf\xc3\xa9"),
        bad("raw Latin-1 in the query", "http.target.character", "/?caf\xe9"),
        bad("a path that does not begin with a slash", "http.target.form", "echo"),
        bad("a path that begins with dots", "http.target.form", "../echo"),
        bad("a query alone", "http.target.form", "?a=1"),
        bad("an escape alone", "http.target.form", "%2fecho"),
    };
    all.insert(all.end(), more.begin(), more.end());
}

void add_absolute(std::vector<wire_case>& all)
{
    const std::vector<wire_case> more{
        seen("an absolute target", "http://a/echo"),
        seen("an absolute target with another host", "http://b/echo"),
        seen("an absolute target with a port", "http://a:8080/echo"),
        seen("an absolute target with an empty port", "http://a:/echo"),
        seen("an absolute target with a query", "http://a/echo?x=1"),
        seen("an absolute target without a path", "http://a"),
        seen("an absolute target with a query and no path", "http://a?x=1"),
        seen("an absolute target with its scheme in capitals", "HTTP://a/echo"),
        seen("an absolute target with an IPv6 address", "http://[::1]:80/echo"),
        serves("an absolute target in HTTP/1.0", "GET http://a/echo HTTP/1.0\r\n\r\n",
               {{.method = "GET", .target = "http://a/echo"}})
            .closing(),
        refuses("an absolute target without Host", 400, "http.host.missing",
                "GET http://a/ HTTP/1.1\r\n\r\n"),
        refuses("an absolute target with a broken Host", 400, "http.host.invalid",
                "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n"),
        refuses("an https target without TLS", 421, "http.target.insecure",
                get_target("https://a/")),
        bad("another scheme", "http.target.scheme", "ftp://a/"),
        bad("a user in the target", "http.target.userinfo", "http://u@a/"),
        bad("a user and a password in the target", "http.target.userinfo", "http://u:p@a/"),
        bad("an empty user in the target", "http.target.userinfo", "http://@a/"),
        bad("no authority", "http.target.authority", "http:///echo"),
        bad("nothing after the slashes", "http.target.authority", "http://"),
        bad("a port without a host", "http.target.authority", "http://:80/"),
        bad("a port of letters", "http.target.authority", "http://a:b/"),
        bad("a port beyond 65535", "http.target.authority", "http://a:65536/"),
        bad("a broken IPv6 address", "http.target.authority", "http://[::g]/"),
        bad("an IPv6 address that is not closed", "http.target.authority", "http://[::1/"),
        bad("a zone in an IPv6 address", "http.target.authority", "http://[fe80::1%25eth0]/"),
        bad("one slash after the scheme", "http.target.form", "http:/a"),
        bad("no slash after the scheme", "http.target.form", "http:a"),
        bad("no scheme before the slashes", "http.target.form", "://a/"),
        bad("a scheme that begins with a digit", "http.target.form", "1http://a/"),
        bad("a fragment in an absolute target", "http.target.fragment", "http://a/#b"),
    };
    all.insert(all.end(), more.begin(), more.end());
}

void add_others(std::vector<wire_case>& all)
{
    const auto connect = [](const std::string& name, int status, const std::string& rule,
                            const std::string& target) {
        return refuses(name, status, rule, "CONNECT " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    };
    const auto options = [](const std::string& target) {
        return "OPTIONS " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    const std::vector<wire_case> more{
        serves("OPTIONS for the whole server", options("*"),
               {{.method = "OPTIONS", .target = "*", .body = {}, .status = any_success}}),
        bad("the asterisk with GET", "http.target.form", "*"),
        refuses("two asterisks", 400, "http.target.form", options("**")),
        refuses("an asterisk with a query", 400, "http.target.form", options("*?a=1")),
        refuses("a slash after the asterisk", 400, "http.target.form", options("*/")),
        connect("CONNECT", 501, "http.method.connect", "a:80"),
        connect("CONNECT to an IPv6 address", 501, "http.method.connect", "[::1]:80"),
        connect("CONNECT without a port", 400, "http.target.authority", "a"),
        connect("CONNECT with an empty port", 400, "http.target.authority", "a:"),
        connect("CONNECT without a host", 400, "http.target.authority", ":80"),
        connect("CONNECT with a path", 400, "http.target.authority", "/"),
        connect("CONNECT with an absolute target", 400, "http.target.authority", "http://a:80/"),
        connect("CONNECT with a user", 400, "http.target.userinfo", "u@a:80"),
        connect("CONNECT with a port beyond 65535", 400, "http.target.authority", "a:65536"),
        bad("an authority with GET", "http.target.form", "a:80"),
        bad("a host with GET", "http.target.form", "a"),
    };
    all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

std::vector<wire_case> target_cases()
{
    std::vector<wire_case> all;
    add_origin(all);
    add_absolute(all);
    add_others(all);
    return all;
}

}  // namespace cohort::protocol
