#include <cohort/http/escape.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/json.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

using namespace cohort::http;

TEST_CASE("text between tags keeps its letters and loses its tags")
{
    CHECK(html_text{"<b>\"Tom\" & 'Jerry'</b>"}.text() ==
          "&lt;b&gt;&quot;Tom&quot; &amp; &#39;Jerry&#39;&lt;/b&gt;");
    CHECK(html_text{"déjà vu"}.text() == "déjà vu");
    CHECK(html_text{std::string_view{"a\0b", 3}}.text() == "a\xef\xbf\xbd"
                                                           "b");
}

TEST_CASE("an attribute holds its value even without quotation marks")
{
    CHECK(attribute{"a b"}.text() == "a&#x20;b");
    CHECK(attribute{"x\" onload=y`"}.text() == "x&#x22;&#x20;onload&#x3d;y&#x60;");
    CHECK(attribute{"plain-1.2_é"}.text() == "plain-1.2_é");
}

TEST_CASE("a link leads to the web, to a mail or to this site, and never runs")
{
    CHECK(safe_link{"https://a.example/x?y=1"}.text() ==
          "https&#x3a;&#x2f;&#x2f;a.example&#x2f;x&#x3f;y&#x3d;1");
    for (const char* good :
         {"/users/7", "x", "?q=a:b", "#top", "a/b:c", "HTTP://a.example", "mailto:a@b.example", ""})
        CHECK_MESSAGE(safe_link{good}.text() != "about:invalid", good);
    for (const char* bad : {"javascript:alert(1)", "JaVaScRiPt:x", "java\tscript:x",
                            " javascript:x", "\x01javascript:x", "data:text/html,x", "vbscript:x",
                            "//evil.example", "\\\\evil.example", "/\\evil.example", ":x"})
        CHECK_MESSAGE(safe_link{bad}.text() == "about:invalid", bad);
}

TEST_CASE("a string in a script ends neither the string nor the script")
{
    CHECK(js_string{"</script>"}.text() == "\\x3c\\x2fscript\\x3e");
    CHECK(js_string{"'\"\\`${x}\n"}.text() == "\\x27\\x22\\x5c\\x60\\x24\\x7bx\\x7d\\x0a");
    CHECK(js_string{"a\xe2\x80\xa8"
                    "b\xe2\x80\xa9"}
              .text() == "a\\u2028b\\u2029");
    CHECK(js_string{"é, ü - 1.5"}.text() == "é, ü - 1.5");
}

TEST_CASE("a string in a style sheet stays in it")
{
    CHECK(css_string{"a\"b"}.text() == "a\\22 b");
    CHECK(css_string{"</style>\n"}.text() == "\\3c \\2f style\\3e \\0a ");
}

TEST_CASE("a part of a URL is percent-encoded")
{
    CHECK(url_component{"a b&c=d/é"}.text() == "a%20b%26c%3Dd%2F%C3%A9");
}

TEST_CASE("JSON in a page is the same document, and cannot end the script around it")
{
    const boost::json::value document{{"name", "</script><!-- & \xe2\x80\xa8\xe2\x80\xa9"}};
    const std::string text = json_in_html{document}.text();
    CHECK(text == "{\"name\":\"\\u003c/script\\u003e\\u003c!-- \\u0026 \\u2028\\u2029\"}");
    CHECK(parse_json(text).value() == document);
    CHECK(json_in_html{std::string_view{"[1, \"<\"]"}}.text() == "[1, \"\\u003c\"]");
    CHECK_THROWS_AS(json_in_html{std::string_view{"</script>"}}, cohort::failure);
}
