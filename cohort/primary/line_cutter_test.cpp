#include <cohort/primary/line_cutter.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort::primary;

namespace {

struct taken {
    std::vector<std::string> lines;
    void operator()(std::string_view line) { lines.emplace_back(line); }
};

}  // namespace

TEST_CASE("lines come out whole, however they came in")
{
    const std::string text = "one\ntwo\r\n\nthree\nrest";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        line_cutter of;
        taken all;
        for (std::size_t at = 0; at < text.size(); at += piece)
            of.feed(std::string_view{text}.substr(at, piece), all);
        CHECK(all.lines == std::vector<std::string>{"one", "two", "three"});
        of.finish(all);
        CHECK(all.lines.back() == "rest");
        CHECK(of.cut_off() == 0);
    }
}

TEST_CASE("a line without end is cut, and what is cut off is counted")
{
    line_cutter of;
    taken all;
    const std::string piece(1000, 'x');
    for (int i = 0; i < 100; ++i)
        of.feed(piece, all);
    CHECK(all.lines.empty());
    of.feed("\nnext\n", all);
    REQUIRE(all.lines.size() == 2);
    CHECK(all.lines[0].size() == line_cutter::line_bytes_max);
    CHECK(all.lines[1] == "next");
    CHECK(of.cut_off() == 100'000 - line_cutter::line_bytes_max);
}

TEST_CASE("only whole JSON objects are passed on as they are")
{
    CHECK(is_json_object(R"({"level":30,"msg":"hello","nested":{"a":[1,2]}})"));
    CHECK(is_json_object("{}"));
    CHECK_FALSE(is_json_object(""));
    CHECK_FALSE(is_json_object("{not json}"));
    CHECK_FALSE(is_json_object(R"({"a":1} {"b":2})"));
    CHECK_FALSE(is_json_object(R"([{"a":1}])"));
    CHECK_FALSE(is_json_object(R"({"a":"cut of)"));
    CHECK_FALSE(is_json_object(std::string(5000, '{') + std::string(5000, '}')));
}
