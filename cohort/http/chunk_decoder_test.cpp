#include <cohort/http/chunk_decoder.hpp>

#include <doctest/doctest.h>

#include <string>

// What must be refused, and how, is in tests/protocol/catalogue_chunks.cpp.

using namespace cohort::http;

namespace {

const limits defaults;

}  // namespace

TEST_CASE("data comes out as parts of the input, piece by piece")
{
    const std::string bytes = "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX: y\r\n\r\nnext";
    chunk_decoder decoder{defaults};

    auto step = decoder.decode(bytes);
    CHECK(step.status == parse_status::need_more);
    CHECK(step.data == "abc");
    CHECK(step.data.data() == bytes.data() + 3);
    CHECK(step.consumed == 6);

    std::string_view rest = std::string_view{bytes}.substr(step.consumed);
    step = decoder.decode(rest);
    CHECK(step.data == "de");
    rest.remove_prefix(step.consumed);

    step = decoder.decode(rest);
    CHECK(step.status == parse_status::done);
    CHECK(step.data.empty());
    CHECK(rest.substr(step.consumed) == "next");
}

TEST_CASE("a decoder that is done takes nothing more")
{
    chunk_decoder decoder{defaults};
    CHECK(decoder.decode("0\r\n\r\n").status == parse_status::done);
    const auto step = decoder.decode("5\r\n");
    CHECK(step.status == parse_status::done);
    CHECK(step.consumed == 0);
}

TEST_CASE("a decoder that refused goes on refusing until it is reset")
{
    chunk_decoder decoder{defaults};
    CHECK(decoder.decode("x").status == parse_status::refused);
    CHECK(decoder.why().rule == "http.chunk.size");
    CHECK(decoder.decode("0\r\n\r\n").status == parse_status::refused);
    decoder.reset();
    CHECK(decoder.decode("0\r\n\r\n").status == parse_status::done);
}

TEST_CASE("the size of a chunk is known before its data arrive")
{
    chunk_decoder decoder{defaults};
    CHECK(decoder.decode("7fffffffffffffff\r").consumed == 17);
    CHECK(decoder.announced() == 0);
    CHECK(decoder.decode("\n").consumed == 1);
    CHECK(decoder.announced() == 0x7fffffffffffffff);
    CHECK(decoder.decode("abc").data == "abc");
    CHECK(decoder.announced() == 0x7ffffffffffffffc);
}
