#include <cohort/ipc/frame.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::ipc;

namespace {

frame_header sample_header()
{
    return {.kind = 0x0102,
            .flags = 0x8004,
            .from = 7,
            .to = 0xFFFFFFFF,
            .correlation = 0x1122334455667788,
            .body_bytes = 5,
            .cargo = 253};
}

void append_frame(std::string& stream, frame_header header, std::string_view body)
{
    header.body_bytes = static_cast<std::uint32_t>(body.size());
    const auto image = encode(header);
    stream.append(image.data(), image.size());
    stream.append(body);
}

struct seen_frame {
    frame_header header;
    std::string body;
};

/// Feeds `stream` in the pieces whose ends `cuts` gives; false if the decoder broke.
bool feed(frame_decoder& decoder, std::string_view stream, const std::vector<std::size_t>& cuts,
          std::vector<seen_frame>& seen)
{
    std::size_t begin = 0;
    for (const std::size_t end : cuts) {
        std::string_view piece = stream.substr(begin, end - begin);
        begin = end;
        for (auto what = decoder.next(piece); what != frame_decoder::found::need_more;
             what = decoder.next(piece))
        {
            if (what == frame_decoder::found::broken)
                return false;
            seen.push_back({decoder.header(), decoder.take_body()});
        }
        CHECK(piece.empty());
    }
    return true;
}

std::string three_frames()
{
    std::string stream;
    frame_header header = sample_header();
    append_frame(stream, header, "hello");
    header.correlation = 2;
    append_frame(stream, header, "");
    header.correlation = 3;
    append_frame(stream, header, "a body that is longer than the header before it");
    return stream;
}

void check_three(const std::vector<seen_frame>& seen)
{
    REQUIRE(seen.size() == 3);
    CHECK(seen[0].header == sample_header());
    CHECK(seen[0].body == "hello");
    CHECK(seen[1].body.empty());
    CHECK(seen[1].header.correlation == 2);
    CHECK(seen[2].body == "a body that is longer than the header before it");
}

}  // namespace

TEST_CASE("a header survives encode and decode with every field")
{
    const auto back = decode(encode(sample_header()), {});
    REQUIRE(back);
    CHECK(*back == sample_header());
}

TEST_CASE("the header is little-endian with the magic in front, whatever the machine")
{
    const auto image = encode(sample_header());
    CHECK(std::string_view(image.data(), 4) == "CRT1");
    CHECK(image[4] == 0x02);
    CHECK(image[5] == 0x01);
    CHECK(static_cast<unsigned char>(image[16]) == 0x88);
    CHECK(image[24] == 5);
}

TEST_CASE("frames cut in two at any byte come out whole")
{
    const auto stream = three_frames();
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        frame_decoder decoder;
        std::vector<seen_frame> seen;
        REQUIRE(feed(decoder, stream, {cut, stream.size()}, seen));
        check_three(seen);
        CHECK_FALSE(decoder.inside());
    }
}

TEST_CASE("frames that arrive byte by byte come out whole")
{
    const auto stream = three_frames();
    std::vector<std::size_t> cuts(stream.size());
    for (std::size_t i = 0; i < cuts.size(); ++i)
        cuts[i] = i + 1;
    frame_decoder decoder;
    std::vector<seen_frame> seen;
    REQUIRE(feed(decoder, stream, cuts, seen));
    check_three(seen);
}

TEST_CASE("a stream that ends inside a frame is known to do so")
{
    const auto stream = three_frames();
    const std::size_t first = frame_header_bytes + 5;
    for (std::size_t end = 0; end < first; ++end) {
        frame_decoder decoder;
        std::vector<seen_frame> seen;
        REQUIRE(feed(decoder, stream, {end}, seen));
        CHECK(decoder.inside() == (end != 0));
        CHECK(seen.empty());
    }
}

TEST_CASE("garbage, a set reserved field and sizes over the limit break the stream for good")
{
    auto image = encode(sample_header());
    errc expected = errc::malformed;
    frame_limits limits;
    SUBCASE("garbage") { image[0] = 'G'; }
    SUBCASE("reserved") { image[31] = 1; }
    SUBCASE("body")
    {
        limits.body_bytes_max = 4;
        expected = errc::too_large;
    }
    SUBCASE("cargo")
    {
        limits.cargo_max = 252;
        expected = errc::too_large;
    }
    frame_decoder decoder{limits};
    std::string_view bytes{image.data(), image.size()};
    CHECK(decoder.next(bytes) == frame_decoder::found::broken);
    CHECK(decoder.broken().why() == expected);
    std::string_view more = "more";
    CHECK(decoder.next(more) == frame_decoder::found::broken);
}

TEST_CASE("a header that promises 64 MiB costs memory only as the bytes come")
{
    frame_header header = sample_header();
    header.body_bytes = 64U << 20U;
    const auto image = encode(header);
    frame_decoder decoder;
    std::string_view bytes{image.data(), image.size()};
    CHECK(decoder.next(bytes) == frame_decoder::found::need_more);
    CHECK(decoder.direct_room().size() <= (256U << 10U));
}

TEST_CASE("a large body can be received in place, mixed with fed pieces")
{
    frame_header header = sample_header();
    std::string body(3U << 20U, 'x');
    for (std::size_t i = 0; i < body.size(); ++i)
        body[i] = static_cast<char>(i * 31 + i / 977);
    header.body_bytes = static_cast<std::uint32_t>(body.size());
    const auto image = encode(header);

    frame_decoder decoder;
    std::string_view bytes{image.data(), image.size()};
    REQUIRE(decoder.next(bytes) == frame_decoder::found::need_more);
    std::string_view rest = body;
    auto found = frame_decoder::found::need_more;
    for (std::size_t step = 1; found == frame_decoder::found::need_more; step = step * 3 + 1) {
        const auto room = decoder.direct_room();
        const auto direct = std::min({room.size(), rest.size(), step * 100});
        if (direct != 0)
            std::memcpy(room.data(), rest.data(), direct);
        if (!room.empty())
            decoder.filled(direct);
        rest.remove_prefix(direct);
        std::string_view piece = rest.substr(0, std::min(rest.size(), step % 50'000));
        rest.remove_prefix(piece.size());
        found = decoder.next(piece);
    }
    REQUIRE(found == frame_decoder::found::frame);
    CHECK(rest.empty());
    CHECK(decoder.take_body() == body);
}
