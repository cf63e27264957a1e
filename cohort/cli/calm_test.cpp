#include <cohort/cli/calm.hpp>

#include <doctest/doctest.h>

using namespace cohort::cli;

TEST_CASE("our own colours and line ends reach a terminal, and nothing else that others wrote does")
{
    CHECK(calm("\x1b[1mname\x1b[0m  \x1b[31mbad\x1b[0m\nnext") ==
          "\x1b[1mname\x1b[0m  \x1b[31mbad\x1b[0m\nnext");
    CHECK(calm("app.\x1b]0;title\x07.exec") == "app.?]0;title?.exec");
    CHECK(calm("\x1b[2J\x1b[999mx\x1b[") == "?[2J?[999mx?[");
    CHECK(calm("\xc2\x9b"
               "2J\xff") == "?2J?");
    CHECK(calm("").empty());
    CHECK(calm("\x1b") == "?");
}

TEST_CASE("several problems of a configuration are a line each, and nothing stands for a line end")
{
    CHECK(printable_lines("a.toml:1:1: bad\na.toml:2:1: worse\n") ==
          "a.toml:1:1: bad\na.toml:2:1: worse");
    CHECK(printable_lines("one") == "one");
    CHECK(printable_lines("\n\n").empty());
    CHECK(printable_lines("a\x1b[31mb\r\nc") == "a?[31mb?\nc");
}
