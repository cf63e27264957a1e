#include <cohort/http/encoder.hpp>

#include <cohort/http/decoder.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort;
using namespace cohort::http;

namespace {

constexpr coding all[] = {coding::gzip, coding::br, coding::zstd};

std::string prose()
{
    std::string text;
    for (int i = 0; i < 3000; ++i)
        text += "line " + std::to_string(i * 7919) + " of a text that repeats itself\n";
    return text;
}

}  // namespace

TEST_CASE("what is encoded decodes to the same, smaller on its way")
{
    const std::string text = prose();
    for (const coding kind : all) {
        CAPTURE(name(kind));
        const auto small = encode(kind, text);
        REQUIRE(small);
        CHECK(small->size() < text.size() / 3);
        CHECK(decode(kind, *small).value() == text);
        CHECK(decode(kind, encode(kind, "").value()).value().empty());
    }
}

TEST_CASE("what was flushed can be decoded before the end comes")
{
    for (const coding kind : all) {
        CAPTURE(name(kind));
        auto work = encoder::make(kind).value();
        std::string out;
        work.add("data: one\n\n", out);
        work.flush(out);
        const std::size_t first = out.size();
        CHECK(first > 0);
        work.flush(out);
        work.add("data: two\n\n", out);
        work.flush(out);
        CHECK(out.size() > first);
        work.finish(out);
        CHECK(decode(kind, out).value() == "data: one\n\ndata: two\n\n");
        CHECK(decode(kind, std::string_view{out}.substr(0, first)).error().why() ==
              errc::malformed);
    }
}

TEST_CASE("a body that is cut, broken or followed by more is malformed")
{
    const std::string text = prose();
    for (const coding kind : all) {
        CAPTURE(name(kind));
        const std::string good = encode(kind, text).value();
        CHECK(decode(kind, std::string_view{good}.substr(0, good.size() - 1)).error().why() ==
              errc::malformed);
        CHECK(decode(kind, good + "x").error().why() == errc::malformed);
        if (kind == coding::gzip)
            CHECK(decode(kind, good + good).value() ==
                  decode(kind, good).value() + decode(kind, good).value());
        CHECK(decode(kind, "").error().why() == errc::malformed);
        CHECK(decode(kind, "not compressed at all").error().why() == errc::malformed);
    }
}

TEST_CASE("a bomb is put out when it passes the size or the ratio")
{
    const std::string zeros(4U << 20, '\0');
    for (const coding kind : all) {
        CAPTURE(name(kind));
        const std::string bomb = encode(kind, zeros).value();
        const decoder_limits roomy{.bytes_max = 8U << 20, .ratio_max = 1'000'000};
        CHECK(decode(kind, bomb, roomy).value().size() == zeros.size());
        CHECK(decode(kind, bomb).error().why() == errc::too_large);
        const decoder_limits dense{.bytes_max = 8U << 20};
        CHECK(decode(kind, bomb, dense).error().why() == errc::too_large);
    }
}
