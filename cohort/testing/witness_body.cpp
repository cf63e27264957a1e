#include <cohort/testing/witness_body.hpp>

#include <cohort/base/random.hpp>

#include <array>
#include <cstring>

namespace cohort::testing {

namespace {

constexpr std::size_t word_bytes = 8;

/// Neighbours in number or place share nothing.
constexpr std::uint64_t word(std::uint64_t number, std::uint64_t index) noexcept
{
    return mix(number * 0xd129'0d3b'3b1d'6a8fULL + (index + 1) * 0x9e37'79b9'7f4a'7c15ULL);
}

using word_text = std::array<char, word_bytes>;

word_text text_of(std::uint64_t number, std::uint64_t index) noexcept
{
    const std::uint64_t value = word(number, index);
    word_text text{};
    std::memcpy(text.data(), &value, text.size());
    return text;
}

}  // namespace

std::string witness_body(std::uint64_t number, std::size_t bytes)
{
    std::string body((bytes + word_bytes - 1) / word_bytes * word_bytes, '\0');
    for (std::size_t at = 0; at < body.size(); at += word_bytes) {
        const word_text text = text_of(number, at / word_bytes);
        std::memcpy(body.data() + at, text.data(), text.size());
    }
    body.resize(bytes);
    return body;
}

bool is_witness_body(std::uint64_t number, std::uint64_t offset, std::string_view bytes) noexcept
{
    while (!bytes.empty()) {
        const word_text text = text_of(number, offset / word_bytes);
        const std::string_view rest =
            std::string_view{text.data(), text.size()}.substr(offset % word_bytes, bytes.size());
        if (bytes.substr(0, rest.size()) != rest)
            return false;
        bytes.remove_prefix(rest.size());
        offset += rest.size();
    }
    return true;
}

}  // namespace cohort::testing
