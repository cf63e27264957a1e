#include <cohort/http/markup.hpp>

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

using namespace cohort::http;

static_assert(!std::is_convertible_v<std::string, markup::piece>);
static_assert(!std::is_convertible_v<std::string_view, markup::piece>);
static_assert(!std::is_constructible_v<markup, std::string>);

TEST_CASE("a page is its literals, and what came from outside encoded for its place")
{
    const std::string name = "<Tom & Jerry>";
    markup page{"<h1>", html_text{name}, "</h1>"};
    page.add({"<input value=\"", attribute{"a\"b"}, "\">"});
    page.add({"<a href=\"/u?q=", url_component{"a&b"}, "\">", trusted_html{"<b>x</b>"}, "</a>"});
    CHECK(page.text() == "<h1>&lt;Tom &amp; Jerry&gt;</h1><input value=\"a&#x22;b\">"
                         "<a href=\"/u?q=a%26b\"><b>x</b></a>");
}

TEST_CASE("a page can be a part of another, and an answer")
{
    const markup row{"<li>", html_text{"1 < 2"}, "</li>"};
    markup list{"<ul>", row, row, "</ul>"};
    const response answer = html(std::move(list), 201);
    CHECK(answer.status() == 201);
    CHECK(answer.header("Content-Type") == "text/html; charset=utf-8");
    CHECK(answer.body() == "<ul><li>1 &lt; 2</li><li>1 &lt; 2</li></ul>");
}

TEST_CASE("text that is HTML already still goes through html() as a string")
{
    CHECK(html("<p>literal</p>").body() == "<p>literal</p>");
}
