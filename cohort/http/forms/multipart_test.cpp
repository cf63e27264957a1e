#include <cohort/http/forms/multipart.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace cohort::http;

namespace {

using kind = multipart_step::kind;

struct heard_part {
    part_head head;
    std::string data;
    bool whole = false;
};

struct heard {
    std::vector<heard_part> parts;
    unsigned status = 0;
    std::string_view what;
    std::size_t part = 0;
    std::string name;

    [[nodiscard]] std::string text() const
    {
        std::string all = std::to_string(status) + std::string{what};
        for (const heard_part& each : parts)
            all += "|" + each.head.name + "|" + each.head.filename.value_or("(none)") + "|" +
                   each.head.content_type + "|" + each.data + (each.whole ? "." : "");
        return all;
    }
};

void hear(multipart_parser& parser, std::string_view piece, heard& into)
{
    for (;;) {
        const multipart_step step = parser.next(piece);
        switch (step.what) {
            case kind::more:
                CHECK(piece.empty());
                return;
            case kind::part_begins:
                into.parts.push_back({parser.part(), {}});
                break;
            case kind::data:
                into.parts.back().data += step.data;
                break;
            case kind::part_ends:
                into.parts.back().whole = true;
                break;
            case kind::refused:
                return;
        }
    }
}

heard read(std::initializer_list<std::string_view> pieces, const multipart_limits& limits = {},
           std::string_view boundary = "xyz")
{
    multipart_parser parser{boundary, limits};
    heard all;
    for (const std::string_view piece : pieces)
        hear(parser, piece, all);
    if (!parser.finish()) {
        all.status = parser.mistake().status;
        all.what = parser.mistake().what;
        all.part = parser.mistake().part;
        all.name = parser.mistake().name;
    }
    return all;
}

std::string part(std::string_view head, std::string_view data)
{
    return "--xyz\r\n" + std::string{head} + "\r\n\r\n" + std::string{data} + "\r\n";
}

std::string named(std::string_view name, std::string_view data)
{
    return part("Content-Disposition: form-data; name=\"" + std::string{name} + "\"", data);
}

const std::string last = "--xyz--\r\n";

unsigned status_of(std::string_view head) { return read({part(head, "data") + last}).status; }

}  // namespace

TEST_CASE("parts are read with their names, files and types, however the bytes are split")
{
    const std::string body =
        "preamble\r\n" + named("plain", "value") +
        part("content-disposition: form-data; name=file; filename=\"a \\\"b\\\" C:\\x.txt\"\r\n"
             "Content-Type: image/png",
             "\r\n\r--xyz\r\n--xy\r\n-\r\n--\r\n\0\xff\r") +
        named("empty", "") +
        "--xyz \t\r\nContent-Disposition: form-data; name=\"no body\"\r\n\r\n--xyz--\r\nepilogue\r";
    const heard whole = read({body});
    REQUIRE(whole.status == 0);
    REQUIRE(whole.parts.size() == 4);
    CHECK(whole.parts[0].head.name == "plain");
    CHECK_FALSE(whole.parts[0].head.filename);
    CHECK(whole.parts[0].head.content_type == "text/plain");
    CHECK(whole.parts[0].data == "value");
    CHECK(whole.parts[1].head.filename == "a \"b\" C:\\x.txt");
    CHECK(whole.parts[1].head.content_type == "image/png");
    CHECK(whole.parts[1].data == "\r\n\r--xyz\r\n--xy\r\n-\r\n--\r\n");
    CHECK(whole.parts[2].data.empty());
    CHECK(whole.parts[3].data.empty());
    CHECK(whole.parts[3].whole);

    const std::string expected = whole.text();
    for (std::size_t at = 0; at <= body.size(); ++at) {
        const std::string_view all = body;
        REQUIRE(read({all.substr(0, at), all.substr(at)}).text() == expected);
    }
    multipart_parser parser{"xyz"};
    heard slowly;
    for (const char c : body)
        hear(parser, {&c, 1}, slowly);
    CHECK(parser.finish());
    CHECK(slowly.text() == expected);
}

TEST_CASE("a form without parts is a form, one without its last boundary is not")
{
    CHECK(read({"--xyz--"}).status == 0);
    CHECK(read({"--xyz--\r\n"}).status == 0);
    CHECK(read({"\r\n--xyz--"}).status == 0);
    CHECK(read({""}).status == 400);
    const std::string body = named("a", "1") + last;
    // Everything but the line end behind it is needed.
    for (std::size_t bytes = 0; bytes < body.size() - 2; ++bytes) {
        CAPTURE(bytes);
        CHECK(read({std::string_view{body}.substr(0, bytes)}).status == 400);
    }
}

TEST_CASE("a line that begins with the boundary is one, and nothing may follow it")
{
    for (const char* const bad : {"--xyzz\r\n", "--xyz\n", "--xyz-\r\n", "--xyz\rx", "--xyz--x",
                                  "--xyz -\r\n", "--xyz--\rx", "--xyz x\r\n"})
    {
        CAPTURE(bad);
        CHECK(read({named("a", "1") + bad + "\r\n" + last}).status == 400);
        CHECK(read({std::string{bad} + "\r\n" + last}).status == 400);
    }
    CHECK(read({named("a", "x--xyz--\r\n--xz") + last}).parts.at(0).data == "x--xyz--\r\n--xz");
}

TEST_CASE("what could be read in two ways is refused")
{
    const std::string ok = "Content-Disposition: form-data; name=\"a\"";
    CHECK(status_of(ok) == 0);
    CHECK(status_of(ok + "\r\nX-Other: yes\r\nContent-Transfer-Encoding: 8BIT") == 0);
    CHECK(status_of(ok + "; filename=\"\"") == 0);
    CHECK(status_of("X: y") == 400);
    CHECK(status_of("Content-Disposition: form-data") == 400);
    CHECK(status_of("Content-Disposition: attachment; name=\"a\"") == 400);
    CHECK(status_of("Content-Disposition: form-data; name=\"a") == 400);
    CHECK(status_of("Content-Disposition: form-data; name=\"a\" b") == 400);
    CHECK(status_of(ok + "; name=\"b\"") == 400);
    CHECK(status_of(ok + "; filename=a; FILENAME=b") == 400);
    CHECK(status_of(ok + "; filename*=UTF-8''a") == 400);
    CHECK(status_of(ok + "\r\n" + ok) == 400);
    CHECK(status_of(ok + "\r\n folded") == 400);
    CHECK(status_of(ok + "\r\nContent-Type : text/plain") == 400);
    CHECK(status_of(ok + "\nX: y") == 400);
    CHECK(status_of(ok + "\r\nX: \x01") == 400);
    CHECK(status_of("Content-Disposition: form-data; name=\"\xff\"") == 400);
    CHECK(status_of(ok + "\r\nContent-Type: Multipart/Mixed; boundary=b") == 415);
    CHECK(status_of(ok + "\r\nContent-Transfer-Encoding: base64") == 415);
    CHECK(read({"--xyz\r\n\r\ndata\r\n" + last}).status == 400);
}

TEST_CASE("a form is bounded everywhere, and its mistake names the part")
{
    const multipart_limits small{.parts_max = 2, .head_bytes_max = 80, .outside_bytes_max = 8};
    CHECK(read({named("a", "1") + named("b", "2") + last}, small).status == 0);
    const heard many = read({named("a", "1") + named("b", "2") + named("c", "3") + last}, small);
    CHECK(many.status == 413);
    const heard wide = read({named("a", "1") + named(std::string(80, 'n'), "2") + last}, small);
    CHECK(wide.status == 413);
    CHECK(wide.part == 2);
    CHECK(read({"12345678\r\n" + last}, small).status == 0);
    CHECK(read({"123456789\r\n" + last}, small).status == 413);
    CHECK(read({last + "12345678"}, small).status == 0);
    CHECK(read({last + "123456789"}, small).status == 413);
    std::string fields = "Content-Disposition: form-data; name=\"a\"";
    for (int i = 1; i < 16; ++i)
        fields += "\r\nX: y";
    CHECK(status_of(fields) == 0);
    CHECK(status_of(fields + "\r\nX: y") == 413);
    const heard nested = read({part("Content-Disposition: form-data; name=\"n\"\r\n"
                                    "Content-Type: multipart/mixed",
                                    "") +
                               last});
    CHECK(nested.part == 1);
    CHECK(nested.name == "n");
    CHECK(read({"--xyz" + std::string(64, ' ') + "--\r\n"}).status == 400);
}

TEST_CASE("a boundary is 1 to 70 of the characters that RFC 2046 allows")
{
    const std::string type = "multipart/form-data; boundary=";
    CHECK(boundary_of(type + "abc") == "abc");
    CHECK(boundary_of("Multipart/Form-Data; charset=utf-8; Boundary=\"a b:?\"") == "a b:?");
    CHECK(boundary_of(type + std::string(70, 'b')));
    for (const std::string& bad :
         {type, type + "\"\"", type + std::string(71, 'b'), type + "\"b \"", type + "\"b\\\"\"",
          type + "a;boundary=b", std::string{"multipart/form-data"}})
    {
        CAPTURE(bad);
        const auto read = boundary_of(bad);
        REQUIRE_FALSE(read);
        CHECK(read.error().status == 400);
    }
    for (const char* const other : {"", "multipart/mixed; boundary=b", "text/plain"})
        CHECK(boundary_of(other).error().status == 415);
}

TEST_CASE("a safe name is no path, no hidden file and never empty")
{
    CHECK(safe_file_name("photo.jpg") == "photo.jpg");
    CHECK(safe_file_name("../../etc/passwd") == "passwd");
    CHECK(safe_file_name("C:\\Users\\ada\\cv.pdf") == "cv.pdf");
    CHECK(safe_file_name("..\\..") == "file");
    CHECK(safe_file_name(".htaccess") == "htaccess");
    CHECK(safe_file_name("a/") == "file");
    CHECK(safe_file_name("") == "file");
    CHECK(safe_file_name("a\nb") == "a?b");
    CHECK(safe_file_name("name. . ") == "name");
    CHECK(safe_file_name(std::string(199, 'a') + "ä").size() <= 200);
}
