#include <cohort/base/octets.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cstddef>
#include <string>

using namespace cohort;

namespace {

/// The lowest octet that is marked, counted from the text's first; 8: none.
std::size_t first_in(std::uint64_t marks)
{
    return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
}

}  // namespace

TEST_CASE("one octet of its kind among eight is found, wherever it stands, whatever the others are")
{
    static_assert(std::endian::native == std::endian::little);
    for (unsigned value = 0; value < 256; ++value) {
        for (const char other : {'a', ' ', '~', '\xff'}) {
            for (std::size_t at = 0; at < 8; ++at) {
                std::string text(8, other);
                text[at] = static_cast<char>(value);
                const std::uint64_t word = octets::load(text.data());
                const auto expect = [&](std::uint64_t marks, bool of_the_kind) {
                    if (of_the_kind)
                        CHECK(first_in(marks) == at);
                    else
                        CHECK(marks == 0);
                };
                expect(octets::below(word, 0x20), value < 0x20);
                expect(octets::equal(word, '"'), value == '"');
                expect(octets::controls(word), value < 0x20 || value == 0x7f);
                if (other != '\xff')
                    expect(octets::beyond_ascii(word), value >= 0x80);
            }
        }
    }
}

TEST_CASE("one octet of its kind in a text of any length is found, wherever it stands")
{
    const auto quotes = [](std::uint64_t word) { return octets::equal(word, '"'); };
    CHECK_FALSE(octets::any({}, quotes));
    for (std::size_t size = 1; size < 30; ++size) {
        std::string text(size, 'a');
        CHECK_FALSE(octets::any(text, quotes));
        // What follows the text is not a part of it.
        CHECK_FALSE(octets::any(std::string_view{text + '"'}.substr(0, size), quotes));
        for (char& each : text) {
            each = '"';
            CHECK(octets::any(text, quotes));
            each = 'a';
        }
    }
}
