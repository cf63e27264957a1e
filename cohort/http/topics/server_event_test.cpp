#include <cohort/http/topics/server_event.hpp>

#include <cohort/base/error.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace std::chrono_literals;

namespace {

std::string written(const server_event& what)
{
    std::string out;
    append_event(out, what);
    return out;
}

}  // namespace

TEST_CASE("an event is written field by field, and ends with an empty line")
{
    CHECK(written({.data = "x"}) == "data: x\n\n");
    CHECK(written({.data = "x", .event = "news", .id = "17", .retry = 3s}) ==
          "retry: 3000\nid: 17\nevent: news\ndata: x\n\n");
    CHECK(written({.id = ""}) == "id: \n\n");
    CHECK(written({.retry = 1ms}) == "retry: 1\n\n");
    CHECK(written({.event = "empty"}) == "event: empty\ndata: \n\n");
    CHECK(written({.data = " : x"}) == "data:  : x\n\n");
}

TEST_CASE("each line of data is a line of its own, however it ends")
{
    CHECK(written({.data = "a\nb\rc\r\nd"}) == "data: a\ndata: b\ndata: c\ndata: d\n\n");
    CHECK(written({.data = "\n"}) == "data: \ndata: \n\n");
    CHECK(written({.data = "a\n\nid: 5\n\n"}) ==
          "data: a\ndata: \ndata: id: 5\ndata: \ndata: \n\n");
    CHECK(written({.data = "a\r\n\r\nb"}) == "data: a\ndata: \ndata: b\n\n");
}

TEST_CASE("types and ids that are no single line are refused")
{
    std::string out;
    CHECK_THROWS_AS(append_event(out, {.data = "x", .event = "a\nb"}), failure);
    CHECK_THROWS_AS(append_event(out, {.data = "x", .event = "a\rb"}), failure);
    CHECK_THROWS_AS(append_event(out, {.data = "x", .id = "a\nb"}), failure);
    CHECK_THROWS_AS(append_event(out, {.data = "x", .id = std::string_view{"\0", 1}}), failure);
    CHECK(out.empty());
}

TEST_CASE("a comment stays one")
{
    std::string out;
    append_event_comment(out, "a\ndata: b\r\n");
    CHECK(out == ": a data: b  \n\n");
}
