#include <cohort/schema/reader.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::schema;

namespace {

/// What is wrong with a text, and where: "line:column what"; "" if it is JSON.
std::string mistake_in(std::string_view text)
{
    reader in{text};
    if (in.skip() && in.finish())
        return "";
    const mistakes why = in.take_mistakes();
    REQUIRE(why.syntax);
    CHECK(why.syntax->offset <= text.size());
    return std::to_string(why.syntax->line) + ":" + std::to_string(why.syntax->column) + " " +
           why.syntax->what;
}

std::string text_of(std::string_view json)
{
    reader in{json};
    REQUIRE(in.next() == kind::text);
    std::string_view out;
    REQUIRE(in.take_text(out));
    REQUIRE(in.finish());
    return std::string{out};
}

}  // namespace

TEST_CASE("JSON texts of every kind are read to their end")
{
    for (const char* good :
         {"0", "-0", "-0.5e+10", "1E400", "true", "false", "null", "\"\"", "[]", "{}",
          " [ 1 , 2 ]\n", R"({"a":{"b":[{}]},"":1})", R"("\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00")",
          "\"\x7f\"", "\"\xc3\xa9\xf0\x9f\x98\x80\""})
        CHECK_MESSAGE(mistake_in(good) == "", good);
}

TEST_CASE("what is no JSON is refused at its place")
{
    CHECK(mistake_in("") == "1:1 the text ends where a value should be");
    CHECK(mistake_in("{\n \"a\": tru }") == "2:7 a value should be here");
    CHECK(mistake_in("[1,]") == "1:4 a value should be here");
    CHECK(mistake_in("{\"a\":1,}") == "1:8 a name in quotes should be here");
    CHECK(mistake_in("{} {}") == "1:4 something stands after the document");
    CHECK(mistake_in("{\"a\" 1}") == "1:6 a colon should be here");
    for (const char* bad : {"01",
                            "+1",
                            "1.",
                            ".5",
                            "1e",
                            "1e+",
                            "-",
                            "--1",
                            "0x1",
                            "NaN",
                            "Infinity",
                            "'a'",
                            "[1 2]",
                            "{a:1}",
                            "[",
                            "{",
                            "\"",
                            "\"\\",
                            "\"\\x\"",
                            "\"\\u12\"",
                            "\"\\u12g4\"",
                            "\"\\ud800\"",
                            "\"\\udc00\"",
                            "\"\\ud800\\u0041\"",
                            "\"\n\"",
                            "\"\x01\"",
                            "/**/1",
                            "1//",
                            "nul",
                            "truee",
                            "\xef\xbb\xbf{}",
                            "\"\xc3\"",
                            "\"\xed\xa0\x80\"",
                            "\"\xc0\x80\"",
                            "\"\xff 12345678\"",
                            "\"12345678\xff\"",
                            "\"\\n\xff\"",
                            "\"\xc3\\n\xa9\"",
                            "[}",
                            "{]"})
        CHECK_MESSAGE(mistake_in(bad) != "", bad);
}

TEST_CASE("a name twice in one object is refused, however it is written")
{
    CHECK(mistake_in(R"({"a":1,"b":2,"\u0061":3})") == "1:23 object key `a` is there twice");
    CHECK(mistake_in(R"([{"a":{"x":1,"x":1}}])") != "");
    CHECK(mistake_in(R"([{"a":1},{"a":1}])") == "");
}

TEST_CASE("32 levels are read, and no more")
{
    CHECK(mistake_in(std::string(32, '[') + std::string(32, ']')) == "");
    CHECK(mistake_in(std::string(33, '[') + std::string(33, ']')) == "1:33 more than 32 levels");
}

TEST_CASE("escapes are decoded, wherever they stand in a text")
{
    CHECK(text_of(R"("plain")") == "plain");
    CHECK(text_of(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
    CHECK(text_of(R"("123456789\u00e9123456789\ud83d\ude00.")") == "123456789\xc3\xa9"
                                                                   "123456789\xf0\x9f\x98\x80.");
    CHECK(text_of(R"("\u0000")") == std::string(1, '\0'));
}

TEST_CASE("a text of any length is read as it is, with an odd byte anywhere in it")
{
    for (std::size_t size = 0; size <= 40; ++size) {
        const std::string plain(size, 'a');
        CHECK(text_of("\"" + plain + "\"") == plain);
        for (std::size_t at = 0; at < size; ++at) {
            std::string odd = plain;
            odd.replace(at, 1, "\xc3\xa9");
            CHECK(text_of("\"" + odd + "\"") == odd);
            odd.replace(at, 2, "\\n");
            CHECK(text_of("\"" + odd + "\"").size() == size);
            odd.replace(at, 2, "\x1f");
            CHECK(mistake_in("\"" + odd + "\"") != "");
            odd.replace(at, 1, "\x80");
            CHECK(mistake_in("\"" + odd + "\"") != "");
        }
    }
}

TEST_CASE("nothing can be taken from a text once it is malformed")
{
    reader in{"[1 2]"};
    CHECK_FALSE(in.skip());
    CHECK(in.malformed());
    CHECK(in.next() == kind::nothing);
    CHECK_FALSE(in.finish());
    CHECK(in.take_mistakes().syntax->column == 4);
}

TEST_CASE("complaints name their place by a JSON Pointer, escaped")
{
    reader in{"1"};
    {
        const reader::inside outer{in, "a/b"};
        const reader::inside list{in, 7};
        const reader::inside inner{in, "m~n"};
        CHECK(in.complain("type", "", "x"));
    }
    CHECK(in.complain_at("/below", "type", "", "x"));
    const mistakes found = in.take_mistakes();
    CHECK(found.all[0].pointer == "/a~1b/7/m~0n");
    CHECK(first_segment(found.all[0].pointer) == "a/b");
    CHECK(found.all[1].pointer == "/below");
}

TEST_CASE("the mistake after the twentieth ends the reading")
{
    reader in{"1"};
    for (std::size_t i = 0; i < mistakes_max; ++i)
        CHECK(in.complain("type", "", "x"));
    CHECK_FALSE(in.complain("type", "", "x"));
    const mistakes found = in.take_mistakes();
    CHECK(found.all.size() == mistakes_max);
    CHECK(found.more);
}

TEST_CASE("long names are not repeated in full")
{
    CHECK(shortened(std::string(64, 'x')) == std::string(64, 'x'));
    CHECK(shortened(std::string(65, 'x')) == std::string(64, 'x') + "…");
    CHECK(shortened(std::string(63, 'x') + "éé") == std::string(63, 'x') + "…");
}

TEST_CASE("a look leaves the reader where it was, and later ones pass over what it skipped")
{
    const std::string inner = "[\"" + std::string(200, 'x') + "\"]";
    std::string text = "{\"a\":" + inner + ",\"b\":1}";
    reader in{text};
    const auto names_in_a_look = [&] {
        std::string names;
        const reader::look ahead{in};
        REQUIRE(in.enter());
        for (bool first = true;; first = false) {
            std::string_view name;
            if (in.member(first, name) != reader::found::one)
                return names;
            names += name;
            if (!in.skip())
                return names + " stopped";
        }
    };
    CHECK(in.next() == kind::object);
    CHECK(names_in_a_look() == "ab");
    text.replace(text.find('x'), 1, "\n");  // would be refused by who reads it
    CHECK(names_in_a_look() == "ab");
    CHECK_FALSE(in.skip());
    CHECK(in.malformed());
}

TEST_CASE("what is malformed in a look is refused at its place")
{
    reader in{"{\"a\":[1,],\"b\":1}"};
    {
        const reader::look ahead{in};
        std::string_view name;
        REQUIRE(in.enter());
        REQUIRE(in.member(true, name) == reader::found::one);
        CHECK_FALSE(in.skip());
    }
    CHECK(in.take_mistakes().syntax->column == 9);
}
