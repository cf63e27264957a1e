#include <cohort/observe/json_text.hpp>

#include <doctest/doctest.h>

#include <string>

using cohort::observe::append_json_string;

namespace {

std::string quoted(std::string_view text)
{
    std::string out;
    append_json_string(out, text);
    return out;
}

}  // namespace

TEST_CASE("plain text and whole UTF-8 characters stay as they are")
{
    CHECK(quoted("") == R"("")");
    CHECK(quoted("hello") == R"("hello")");
    CHECK(quoted("Größe ≤ 10 €, 𝄞") == R"("Größe ≤ 10 €, 𝄞")");
}

TEST_CASE("quotes, backslashes and control characters are escaped")
{
    CHECK(quoted("a\"b\\c\n\r\t") == R"("a\"b\\c\n\r\t")");
    CHECK(quoted(std::string_view{"\0\x1b\x1f\x7f", 4}) == R"("\u0000\u001b\u001f\u007f")");
    // U+009B begins a command for terminals as ESC and '[' do; U+00A0 is a space.
    CHECK(quoted("a\xc2\x9b"
                 "2Jb") == R"("a\u009b2Jb")");
    CHECK(quoted("\xc2\x80\xc2\x9f\xc2\xa0") == "\"\\u0080\\u009f\xc2\xa0\"");
}

TEST_CASE("bytes that are no UTF-8 become the replacement character")
{
    const std::string bad = "\"\xEF\xBF\xBD\"";
    CHECK(quoted("\xff") == bad);
    CHECK(quoted("\x80") == bad);
    CHECK(quoted("\xc3") == bad);                        // cut off
    CHECK(quoted("\xc0\xaf").size() == 2 + 6);           // overlong '/'
    CHECK(quoted("\xed\xa0\x80").size() == 2 + 9);       // a surrogate
    CHECK(quoted("\xf4\x90\x80\x80").size() == 2 + 12);  // above U+10FFFF
    CHECK(quoted("\xe2\x82x") == "\"\xEF\xBF\xBD\xEF\xBF\xBDx\"");
}

TEST_CASE("a text that is too long is cut between characters, and the caller is told")
{
    std::string out;
    CHECK(append_json_string(out, "abc", 3));
    CHECK_FALSE(append_json_string(out, "abcd", 3));
    CHECK(out == R"("abc""abc")");
    out.clear();
    CHECK_FALSE(append_json_string(out, "ab€", 4));
    CHECK(out == R"("ab")");
    out.clear();
    CHECK_FALSE(append_json_string(out, "a\n\n", 4));
    CHECK(out == R"("a\n")");
}

TEST_CASE("what is to be escaped is found in texts of any length, wherever it stands")
{
    for (std::size_t size = 1; size < 20; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            std::string text(size, 'a');
            text[at] = '\n';
            const std::string rest(size - 1 - at, 'a');
            CHECK(quoted(text) == "\"" + std::string(at, 'a') + "\\n" + rest + "\"");
            text[at] = '\x7f';
            CHECK(quoted(text) == "\"" + std::string(at, 'a') + "\\u007f" + rest + "\"");
        }
    }
}
