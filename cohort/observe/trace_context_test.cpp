#include <cohort/observe/trace_context.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace cohort::observe;

namespace {

const std::string example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string replaced(std::size_t at, std::string_view by)
{
    return std::string{example}.replace(at, by.size(), by);
}

}  // namespace

TEST_CASE("a traceparent is read and written")
{
    const auto found = parse_traceparent(example);
    REQUIRE(found);
    CHECK(found->trace == trace_id{0x0af7651916cd43dd, 0x8448eb211c80319c});
    CHECK(found->span == span_id{0xb7ad6b7169203331});
    CHECK(found->sampled());
    CHECK(found->traceparent() == example);
    CHECK(text(found->trace) == "0af7651916cd43dd8448eb211c80319c");
    CHECK(text(found->span) == "b7ad6b7169203331");

    const auto unsampled = parse_traceparent(replaced(53, "02"));
    REQUIRE(unsampled);
    CHECK_FALSE(unsampled->sampled());
    CHECK(unsampled->traceparent().ends_with("-02"));
    CHECK(parse_traceparent(replaced(53, "ff"))->traceparent().ends_with("-03"));
}

TEST_CASE("what is no traceparent is nothing")
{
    for (const std::string& wrong :
         {std::string{}, std::string{"00-1-2-01"}, example.substr(0, 54), example + "-",
          example + "0", replaced(0, "ff"), replaced(0, "0g"), replaced(2, "_"), replaced(35, "0"),
          replaced(52, " "), replaced(10, "A"), replaced(40, "F"), replaced(53, "0G"),
          replaced(3, std::string(32, '0')), replaced(36, std::string(16, '0')), " " + example})
    {
        CAPTURE(wrong);
        CHECK_FALSE(parse_traceparent(wrong));
    }
}

TEST_CASE("of a version to come, what is known is read")
{
    for (const std::string& later :
         {replaced(0, "01"), replaced(0, "cc") + "-what-the-future-will-be-like"})
    {
        const auto found = parse_traceparent(later);
        REQUIRE(found);
        CHECK(found->traceparent() == example);
    }
    CHECK_FALSE(parse_traceparent(replaced(0, "01") + ".x"));
    CHECK_FALSE(parse_traceparent(replaced(0, "01").substr(0, 54)));
}

TEST_CASE("ids that are drawn are never none, nor the same twice")
{
    const trace_id one = fresh_trace_id();
    CHECK(one.valid());
    CHECK_FALSE(one == fresh_trace_id());
    CHECK_FALSE(fresh_span_id() == fresh_span_id());
}

TEST_CASE("a tracestate keeps its members in order, without spaces and empty ones")
{
    CHECK(checked_tracestate("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE") ==
          "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
    CHECK(checked_tracestate("a=1 ,\tb@c= x y,,d/e*f_g-h=!~") == "a=1,b@c= x y,d/e*f_g-h=!~");
    CHECK(checked_tracestate("") == "");
    CHECK(checked_tracestate(" ,, ") == "");
    for (const char* const wrong : {"a", "a=", "=1", "A=1", "a b=1", "a=1=2", "_a=1", "a=1,a=2",
                                    "a=\x01", "a=\xc3\xa9", "a\n=1"})
    {
        CAPTURE(wrong);
        CHECK_FALSE(checked_tracestate(wrong));
    }
    CHECK(checked_tracestate(std::string(256, 'k') + "=1"));
    CHECK_FALSE(checked_tracestate(std::string(257, 'k') + "=1"));
    CHECK_FALSE(checked_tracestate("a=" + std::string(257, 'v')));
}

TEST_CASE("a tracestate that is too long loses its long members, then its last ones")
{
    std::string many;
    for (int i = 0; i < 32; ++i)
        many += "k" + std::to_string(i) + "=1,";
    CHECK(checked_tracestate(many));
    CHECK_FALSE(checked_tracestate(many + "more=1"));

    const std::string value(90, 'v');
    const std::string huge = "huge=" + std::string(200, 'h');
    const std::string text = "a=" + value + "," + huge + ",b=" + value + ",c=" + value +
                             ",d=" + value + ",e=" + value + ",f=" + value;
    const auto kept = checked_tracestate(text);
    REQUIRE(kept);
    CHECK(kept == "a=" + value + ",b=" + value + ",c=" + value + ",d=" + value + ",e=" + value);
    CHECK(kept->size() <= tracestate_bytes_max);
}
