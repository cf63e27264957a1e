#include "catalogue.hpp"

namespace cohort::protocol {

using namespace std::string_literals;

namespace {

const std::string te = "Transfer-Encoding: ";
const std::string length = "Content-Length: ";
const std::string five = "5\r\nhello\r\n0\r\n\r\n";

wire_case takes(const std::string& name, const std::string& value, const std::string& body)
{
    return serves(name, post(length + value + "\r\n", body), {echoed(body)});
}

wire_case bad_length(const std::string& name, const std::string& value)
{
    return refuses(name, 400, "http.length.invalid", post(length + value + "\r\n", "hello"));
}

wire_case bad_coding(const std::string& name, int status, const std::string& rule,
                     const std::string& value)
{
    return refuses(name, status, "http.coding." + rule, post(te + value + "\r\n", five));
}

}  // namespace

std::vector<wire_case> length_cases()
{
    return {
        takes("a body of five octets", "5", "hello"),
        takes("a body of none", "0", ""),
        takes("zeros before the length", "0005", "hello"),
        takes("spaces around the length", "  5 \t", "hello"),
        takes("a body that looks like a request", "18", "GET / HTTP/1.1\r\n\r\n"),
        takes("a body of NUL and LF", "4", "\0\n\r\xff"s),
        serves("a body and the next request", post(length + "5\r\n", "hello") + get(""),
               {echoed("hello"), request{}}),
        serves("a body in HTTP/1.0", "POST /echo HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello",
               {echoed("hello")})
            .closing(),
        serves("no length: no body", post("", "") + get(""), {echoed(""), request{}}),
        serves("a name that only resembles Content-Length",
               post("Content_Length: 5\r\n", "") + get(""), {echoed(""), request{}}),
        bad_length("a plus before the length", "+5"),
        bad_length("a minus before the length", "-5"),
        bad_length("a minus before zero", "-0"),
        bad_length("a space inside the length", "5 5"),
        bad_length("two lengths in one field, the same", "5, 5"),
        bad_length("two lengths in one field, different", "5, 6"),
        bad_length("two lengths without a space", "5,5"),
        bad_length("a comma after the length", "5,"),
        bad_length("letters after the length", "5x"),
        bad_length("a hexadecimal length", "0x5"),
        bad_length("a length of hexadecimal letters", "a"),
        bad_length("a fraction", "5.0"),
        bad_length("an exponent", "5e0"),
        bad_length("an empty length", ""),
        bad_length("a length of spaces", "   "),
        bad_length("quotes around the length", "\"5\""),
        bad_length("a semicolon after the length", "5;"),
        bad_length("an underscore in the length", "5_0"),
        bad_length("a digit from beyond ASCII", "\xd9\xa5"),
        bad_length("no digits", "five"),
        refuses("two equal lengths", 400, "http.length.repeated",
                post(length + "5\r\n" + length + "5\r\n", "hello")),
        refuses("two different lengths", 400, "http.length.repeated",
                post(length + "5\r\n" + length + "6\r\n", "hello")),
        refuses("two lengths in different case", 400, "http.length.repeated",
                post(length + "5\r\ncontent-length: 5\r\n", "hello")),
        refuses("2 to the 63rd", 400, "http.length.overflow",
                post(length + "9223372036854775808\r\n", "")),
        refuses("2 to the 64th", 400, "http.length.overflow",
                post(length + "18446744073709551616\r\n", "")),
        refuses("2 to the 64th and five", 400, "http.length.overflow",
                post(length + "18446744073709551621\r\n", "hello")),
        refuses("a length of a hundred digits", 400, "http.length.overflow",
                post(length + std::string(100, '9') + "\r\n", "")),
        refuses("a length larger than the server takes", 413, "",
                post(length + "10000000000\r\n", "hello"))
            .by_server(),
    };
}

std::vector<wire_case> coding_cases()
{
    const std::string coded = te + "chunked\r\n";
    return {
        serves("chunked", post(coded, five), {echoed("hello")}),
        serves("chunked in odd case", post(te + "ChUnKeD\r\n", five), {echoed("hello")}),
        serves("chunked without a space after the colon",
               post("Transfer-Encoding:chunked\r\n", five), {echoed("hello")}),
        serves("chunked between tabs", post(te + "\tchunked\t\r\n", five), {echoed("hello")}),
        serves("an empty element before chunked", post(te + ", chunked\r\n", five),
               {echoed("hello")}),
        serves("an empty element after chunked", post(te + "chunked,\r\n", five),
               {echoed("hello")}),
        serves("chunked and the next request", post(coded, five) + get(""),
               {echoed("hello"), request{}}),
        serves("a name that only resembles Transfer-Encoding",
               post("Transfer_Encoding: chunked\r\n" + length + "5\r\n", "hello"),
               {echoed("hello")}),
        refuses("chunked, then a length", 400, "http.coding.with-length",
                post(coded + length + "5\r\n", five)),
        refuses("a length, then chunked", 400, "http.coding.with-length",
                post(length + "5\r\n" + coded, five)),
        refuses("chunked and a length of 0", 400, "http.coding.with-length",
                post(length + "0\r\n" + coded, five)),
        refuses("another coding and a length", 400, "http.coding.with-length",
                post(length + "5\r\n" + te + "identity\r\n", "hello")),
        refuses("chunked in HTTP/1.0", 400, "http.coding.old-version",
                "POST /echo HTTP/1.0\r\n" + coded + "\r\n" + five),
        refuses("chunked and a length in HTTP/1.0", 400, "http.coding.old-version",
                "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\n" + length + "5\r\n" + coded +
                    "\r\n" + five),
        bad_coding("gzip alone", 400, "not-final", "gzip"),
        bad_coding("identity alone", 400, "not-final", "identity"),
        bad_coding("an unknown coding alone", 400, "not-final", "xchunked"),
        bad_coding("chunked with a letter too many", 400, "not-final", "chunkedx"),
        bad_coding("chunked and then gzip", 400, "not-final", "chunked, gzip"),
        bad_coding("chunked and then identity", 400, "not-final", "chunked, identity"),
        bad_coding("chunked twice", 400, "repeated", "chunked, chunked"),
        bad_coding("chunked twice, without a space", 400, "repeated", "chunked,chunked"),
        bad_coding("gzip, then chunked", 501, "unknown", "gzip, chunked"),
        bad_coding("identity, then chunked", 501, "unknown", "identity, chunked"),
        bad_coding("a coding with a parameter, then chunked", 501, "unknown",
                   "x;a=\"b,c\", chunked"),
        bad_coding("chunked with a parameter", 400, "parameters", "chunked;a=b"),
        bad_coding("chunked with a semicolon", 400, "parameters", "chunked;"),
        bad_coding("quotes around chunked", 400, "malformed", "\"chunked\""),
        bad_coding("an apostrophe before chunked", 400, "not-final", "'chunked"),
        bad_coding("chunked and a word", 400, "malformed", "chunked chunked"),
        bad_coding("a word and chunked", 400, "malformed", "identity chunked"),
        bad_coding("brackets around chunked", 400, "malformed", "[chunked]"),
        bad_coding("no coding at all", 400, "malformed", ""),
        bad_coding("commas only", 400, "malformed", ", ,"),
        bad_coding("chunked and an octet above ASCII", 400, "malformed", "chunked\xa0"),
        refuses("chunked after a vertical tab", 400, "http.field.value",
                post(te + "\vchunked\r\n", five)),
        refuses("chunked and NUL", 400, "http.field.value", post(te + "chunked\0\r\n"s, five)),
        refuses("chunked on two lines", 400, "http.coding.repeated", post(coded + coded, five)),
        refuses("chunked on one line and gzip on the next", 400, "http.coding.not-final",
                post(coded + te + "gzip\r\n", five)),
        refuses("gzip on one line and chunked on the next", 501, "http.coding.unknown",
                post(te + "gzip\r\n" + coded, five)),
        refuses("chunked on a folded line", 400, "http.field.fold",
                post("Transfer-Encoding:\r\n chunked\r\n", five)),
        refuses("a space before the colon of Transfer-Encoding", 400, "http.field.name-space",
                post("Transfer-Encoding : chunked\r\n", five)),
        refuses("a length behind a good request", 400, "http.coding.with-length",
                get("") + post(coded + length + "5\r\n", five))
            .first({request{}}),
    };
}

}  // namespace cohort::protocol
