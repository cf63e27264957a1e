#include "catalogue.hpp"

namespace cohort::protocol {

using namespace std::string_literals;

namespace {

const std::string end = "0\r\n\r\n";

wire_case good(const std::string& name, const std::string& body, const std::string& data = "hello")
{
    return serves(name, chunked(body), {echoed(data)});
}

wire_case bad(const std::string& name, const std::string& rule, const std::string& body)
{
    return refuses(name, 400, rule, chunked(body));
}

/// A size line that is wrong, in front of data that would be right.
wire_case bad_size(const std::string& name, const std::string& size)
{
    return bad(name, "http.chunk.size", size + "\r\nhello\r\n" + end);
}

wire_case bad_extension(const std::string& name, const std::string& extension)
{
    return bad(name, "http.chunk.extension", "5" + extension + "\r\nhello\r\n" + end);
}

wire_case extension(const std::string& name, const std::string& text)
{
    return good(name, "5" + text + "\r\nhello\r\n" + end);
}

std::string many(int count, const std::string& piece)
{
    std::string all;
    for (int i = 0; i < count; ++i)
        all += piece;
    return all;
}

void add_extensions(std::vector<wire_case>& all)
{
    const std::string padding(1000, 'x');
    const std::string padded = "1;" + padding + "\r\nh\r\n";
    const std::vector<wire_case> more{
        extension("an extension", ";a"),
        extension("an extension with a value", ";a=b"),
        extension("several extensions", ";a=b;c;d=e"),
        extension("a quoted value", ";a=\"b c\""),
        extension("an empty quoted value", ";a=\"\""),
        extension("a semicolon inside quotes", ";a=\"b;c=d\""),
        extension("an escaped quote inside quotes", ";a=\"b\\\"c\\\\\""),
        extension("octets above ASCII inside quotes", ";a=\"caf\xc3\xa9\""),
        extension("an extension after a quoted value", ";a=\"b\";c=d"),
        extension("white space where the grammar calls it bad", " ; a = b ; c"),
        good("an extension on the last chunk", "5\r\nhello\r\n0;a=b\r\n\r\n"),
        good("extensions within the limit", many(16, padded) + end, std::string(16, 'h')),
        bad_extension("a semicolon and nothing", ";"),
        bad_extension("two semicolons", ";;a"),
        bad_extension("an extension without a name", ";=b"),
        bad_extension("an extension with an empty value", ";a="),
        bad_extension("two words in an extension", ";a b"),
        bad_extension("two values in an extension", ";a=b=c"),
        bad_extension("letters after a quoted value", ";a=\"b\"c"),
        bad_extension("quotes around a name", ";\"a\""),
        bad_extension("quotes that stay open", ";a=\"b"),
        bad_extension("a space after an extension", ";a "),
        bad_extension("a space after a value", ";a=b "),
        bad_extension("NUL in an extension", ";a\0"s),
        bad_extension("NUL inside quotes", ";a=\"\0\""s),
        bad_extension("a control character escaped inside quotes", ";a=\"\\\x01\""),
        bad("LF inside an extension", "http.line.bare-lf", "5;a\nhello\r\n" + end),
        bad("LF inside quotes", "http.chunk.extension", "5;a=\"b\n\"\r\nhello\r\n" + end),
        refuses("an extension of 1025 octets", 413, "http.chunk.extension-long",
                chunked("5;" + std::string(1024, 'x') + "\r\nhello\r\n" + end)),
        refuses("17 KiB of extensions on 17 octets of data", 413, "http.chunk.extension-long",
                chunked(many(17, padded) + end)),
    };
    all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

std::vector<wire_case> chunk_cases()
{
    std::vector<wire_case> all{
        good("one chunk", "5\r\nhello\r\n" + end),
        good("several chunks", "2\r\nhe\r\n3\r\nllo\r\n" + end),
        good("no data at all", end, ""),
        good("a size in capitals", "A\r\n0123456789\r\n" + end, "0123456789"),
        good("a size in small letters", "a\r\n0123456789\r\n" + end, "0123456789"),
        good("zeros before a size", "0000005\r\nhello\r\n" + end),
        good("a size of 64 digits", std::string(63, '0') + "5\r\nhello\r\n" + end),
        good("many zeros at the end", "5\r\nhello\r\n000000\r\n\r\n"),
        good("data that looks like chunks", "5\r\n0\r\n\r\n\r\n" + end, "0\r\n\r\n"),
        good("data of NUL and LF", "3\r\n\0\n\xff\r\n"s + end, "\0\n\xff"s),
        serves("a chunked body and the next request", chunked("5\r\nhello\r\n" + end) + get(""),
               {echoed("hello"), request{}}),
        serves("two chunked bodies", chunked("1\r\na\r\n" + end) + chunked("1\r\nb\r\n" + end),
               {echoed("a"), echoed("b")}),
        bad_size("no size", ""),
        bad_size("a size of letters", "five"),
        bad_size("a plus before the size", "+5"),
        bad_size("a minus before the size", "-5"),
        bad_size("0x before the size", "0x5"),
        bad_size("a space before the size", " 5"),
        bad_size("a tab before the size", "\t5"),
        bad_size("a space after the size", "5 "),
        bad_size("a tab after the size", "5\t"),
        bad_size("a space inside the size", "5 5"),
        bad_size("a comma after the size", "5,"),
        bad_size("a dot in the size", "5.0"),
        bad_size("quotes around the size", "\"5\""),
        bad_size("an h after the size", "5h"),
        bad_size("NUL after the size", "5\0"s),
        bad_size("an underscore in the size", "0_5"),
        bad_size("an extension without a size", ";a=b"),
        bad_size("a digit from beyond ASCII in a size", "\xd9\xa5"),
        bad("an empty line before the size", "http.chunk.size", "\r\n5\r\nhello\r\n" + end),
        bad("2 to the 63rd as a size", "http.chunk.overflow", "8000000000000000\r\nhello"),
        bad("the largest size of 16 digits", "http.chunk.overflow", "ffffffffffffffff\r\nhello"),
        bad("2 to the 64th and five as a size", "http.chunk.overflow",
            "10000000000000005\r\nhello\r\n" + end),
        bad("a size of 65 digits", "http.chunk.overflow",
            std::string(64, '0') + "5\r\nhello\r\n" + end),
        bad("LF alone after the size", "http.line.bare-lf", "5\nhello\r\n" + end),
        bad("CR alone after the size", "http.line.bare-cr", "5\rhello\r\n" + end),
        bad("CR CR LF after the size", "http.line.bare-cr", "5\r\r\nhello\r\n" + end),
        bad("LF alone after the data", "http.chunk.data-end", "5\r\nhello\n" + end),
        bad("CR alone after the data", "http.chunk.data-end", "5\r\nhello\r" + end),
        bad("nothing after the data", "http.chunk.data-end", "5\r\nhello" + end),
        bad("more data than announced", "http.chunk.data-end", "5\r\nhello!\r\n" + end),
        bad("less data than announced", "http.chunk.data-end", "7\r\nhello\r\n" + end),
        bad("LF alone after the last size", "http.line.bare-lf", "5\r\nhello\r\n0\n\r\n"),
        bad("LF alone at the end", "http.line.bare-lf", "5\r\nhello\r\n0\r\n\n"),
        bad("CR alone at the end", "http.line.bare-cr", "5\r\nhello\r\n0\r\n\rX"),
        bad("a space after the last size", "http.chunk.size", "5\r\nhello\r\n0 \r\n\r\n"),
        refuses("a chunk larger than the server takes", 413, "", chunked("7fffffffffff\r\nhello"))
            .by_server(),
    };
    add_extensions(all);
    return all;
}

std::vector<wire_case> trailer_cases()
{
    const auto with = [](const std::string& trailers) {
        return "5\r\nhello\r\n0\r\n" + trailers + "\r\n";
    };
    const auto refused = [&with](const std::string& name, const std::string& rule,
                                 const std::string& trailers) {
        return bad(name, rule, with(trailers));
    };
    const std::string forbidden = "http.trailer.forbidden";
    return {
        good("a trailer", with("X: a\r\n")),
        good("several trailers", with("X: a\r\nY:b\r\nZ:\r\n")),
        good("octets above ASCII in a trailer", with("X: caf\xe9\r\n")),
        good("a long name in a trailer", with(std::string(300, 'x') + ": a\r\n")),
        good("32 trailers", with(many(32, "X: a\r\n"))),
        serves("a trailer and the next request", chunked(with("X: a\r\n")) + get(""),
               {echoed("hello"), request{}}),
        refused("Transfer-Encoding in a trailer", forbidden, "Transfer-Encoding: chunked\r\n"),
        refused("Content-Length in a trailer", forbidden, "Content-Length: 5\r\n"),
        refused("Content-Length in a trailer in odd case", forbidden, "cONTENT-lENGTH: 5\r\n"),
        refused("Host in a trailer", forbidden, "Host: a\r\n"),
        refused("Connection in a trailer", forbidden, "Connection: close\r\n"),
        refused("Trailer in a trailer", forbidden, "Trailer: X\r\n"),
        refused("a space before the colon of a trailer", "http.field.name-space", "X : a\r\n"),
        refused("a space before a trailer", "http.field.fold", " X: a\r\n"),
        refused("a folded trailer", "http.field.fold", "X: a\r\n b\r\n"),
        refused("a trailer without a colon", "http.field.no-colon", "X\r\n"),
        refused("a trailer without a name", "http.field.name-empty", ": a\r\n"),
        refused("a slash in the name of a trailer", "http.field.name", "X/Y: a\r\n"),
        refused("a request where trailers should be", "http.field.name-space",
                "GET / HTTP/1.1\r\nHost: a\r\n"),
        refused("NUL in a trailer", "http.field.value", "X: \0\r\n"s),
        refused("LF alone after a trailer", "http.line.bare-lf", "X: a\nY: b\r\n"),
        refused("CR alone after a trailer", "http.line.bare-cr", "X: a\rY: b\r\n"),
        refuses("33 trailers", 431, "http.trailer.fields", chunked(with(many(33, "X: a\r\n")))),
        refuses("9000 octets of trailers", 431, "http.trailer.long",
                chunked(with("X: " + std::string(9000, 'x') + "\r\n"))),
    };
}

}  // namespace cohort::protocol
