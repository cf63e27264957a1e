#include <cohort/observe/line_ring.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>

using cohort::observe::line_ring;

namespace {

constexpr std::size_t room = 64;

struct memory {
    alignas(8) std::array<std::byte, line_ring::head_bytes + room> bytes{};
};

std::string all_of(line_ring& from)
{
    std::string all;
    std::array<char, 16> scratch{};
    while (!from.empty()) {
        const std::string_view piece = from.front(16, scratch);
        all += piece;
        from.written(piece.size());
    }
    return all;
}

}  // namespace

TEST_CASE("lines come out as they went in, over the edge of the memory too")
{
    memory at;
    line_ring ring{at.bytes};
    std::string in;
    std::string out;
    REQUIRE(ring.append("never empty\n"));
    in += "never empty\n";
    for (int i = 0; i < 50; ++i) {
        const std::string line = "line " + std::to_string(i) + "\n";
        in += line;
        REQUIRE(ring.append(line));
        std::array<char, 16> scratch{};
        while (ring.size() > 12) {
            const std::string_view piece = ring.front(8, scratch);
            out += piece;
            ring.written(piece.size());
        }
    }
    CHECK(out + all_of(ring) == in);
}

TEST_CASE("a line that does not fit changes nothing")
{
    memory at;
    line_ring ring{at.bytes};
    CHECK(ring.append(std::string(40, 'x')));
    CHECK_FALSE(ring.append(std::string(25, 'y')));
    CHECK(ring.size() == 40);
    CHECK(ring.append(std::string(24, 'z')));
    CHECK(all_of(ring) == std::string(40, 'x') + std::string(24, 'z'));
    CHECK_FALSE(line_ring{}.append("x"));
}

TEST_CASE("a successor finds what was not written, and how much of it is in doubt")
{
    memory at;
    {
        line_ring ring{at.bytes};
        REQUIRE(ring.append("written\n"));
        REQUIRE(ring.append("claimed\n"));
        REQUIRE(ring.append("waiting\n"));
        ring.claim(8);
        ring.written(8);
        ring.claim(8);  // and dies within the write
    }
    CHECK(line_ring{at.bytes}.doubted() == 8);
    line_ring next{at.bytes};
    CHECK(next.doubted() == 8);
    next.touch();
    next.written(4);
    CHECK(next.doubted() == 0);
    CHECK(next.begins_within_line());
    CHECK(all_of(next) == "med\nwaiting\n");
    line_ring last{at.bytes};
    CHECK(last.empty());
    CHECK(last.doubted() == 0);
    last.touch();
}

TEST_CASE("of a claim of which nothing was written, everything waits as before")
{
    memory at;
    line_ring ring{at.bytes};
    REQUIRE(ring.append("claimed\nwaiting\n"));
    ring.claim(8);
    line_ring next{at.bytes};
    next.written(0);
    CHECK(next.doubted() == 0);
    CHECK(all_of(next) == "claimed\nwaiting\n");
}

TEST_CASE("half a line is known to be one, to a successor too")
{
    memory at;
    line_ring ring{at.bytes};
    REQUIRE(ring.append("a line\nanother\n"));
    CHECK_FALSE(ring.begins_within_line());
    ring.written(3);
    CHECK(ring.begins_within_line());
    CHECK(line_ring{at.bytes}.begins_within_line());
    ring.written(4);
    CHECK_FALSE(ring.begins_within_line());
    CHECK(all_of(ring) == "another\n");
}

TEST_CASE("whatever a dying process has left in the words, a successor begins with a sound ring")
{
    for (const std::uint64_t begin : {0ULL, 1ULL, 63ULL, 64ULL, 1000ULL, ~0ULL}) {
        for (const std::uint64_t end : {0ULL, 1ULL, 64ULL, 65ULL, 1064ULL, ~0ULL}) {
            for (const std::uint64_t claimed : {0ULL, 30ULL, 65ULL, ~0ULL}) {
                memory at;
                const std::array<std::uint64_t, 4> words{begin, end, claimed, begin};
                std::memcpy(at.bytes.data(), words.data(), sizeof words);
                line_ring ring{at.bytes};
                CHECK(ring.size() <= room);
                CHECK(ring.doubted() <= ring.size());
                ring.touch();
                static_cast<void>(all_of(ring));
                CHECK(ring.append("as ever\n"));
                CHECK(all_of(ring) == "as ever\n");
            }
        }
    }
}
