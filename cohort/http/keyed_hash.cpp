#include <cohort/http/keyed_hash.hpp>

#include <cohort/base/octets.hpp>
#include <cohort/base/random.hpp>
#include <cohort/crypto/random_bytes.hpp>

#include <bit>
#include <cstddef>

namespace cohort::http {

namespace {

struct state {
    std::uint64_t a;
    std::uint64_t b;
    std::uint64_t c;
    std::uint64_t d;

    void round() noexcept
    {
        a += b;
        b = std::rotl(b, 13) ^ a;
        a = std::rotl(a, 32);
        c += d;
        d = std::rotl(d, 16) ^ c;
        a += d;
        d = std::rotl(d, 21) ^ a;
        c += b;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    }

    void take(std::uint64_t word) noexcept
    {
        d ^= word;
        round();
        round();
        a ^= word;
    }
};

/// Up to eight bytes, the first one lowest on every machine.
std::uint64_t little_endian(std::string_view bytes) noexcept
{
    if (std::endian::native == std::endian::little && bytes.size() == 8)
        return octets::load(bytes.data());
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    return word;
}

}  // namespace

std::uint64_t keyed_hash(const hash_secret& by, std::string_view text) noexcept
{
    // "somepseudorandomlygeneratedbytes", as the paper has it.
    state at{by.first ^ 0x736f'6d65'7073'6575U, by.second ^ 0x646f'7261'6e64'6f6dU,
             by.first ^ 0x6c79'6765'6e65'7261U, by.second ^ 0x7465'6462'7974'6573U};
    const std::uint64_t length = std::uint64_t{text.size()} << 56;
    for (; text.size() >= 8; text.remove_prefix(8))
        at.take(little_endian(text.substr(0, 8)));
    at.take(little_endian(text) | length);
    at.c ^= 0xff;
    for (int i = 0; i < 4; ++i)
        at.round();
    return at.a ^ at.b ^ at.c ^ at.d;
}

hash_secret random_secret() noexcept
{
    std::array<char, sizeof(hash_secret)> bytes;
    crypto::fill_random(bytes.data(), bytes.size());
    return std::bit_cast<hash_secret>(bytes);
}

hash_secret shared_secret(std::array<std::atomic<std::uint64_t>, 2>& in) noexcept
{
    std::array<std::uint64_t, 2> words{};
    for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = in[i].load(std::memory_order_relaxed);
        if (words[i] != 0)
            continue;
        const std::uint64_t drawn = random_source::from_kernel().next() | 1U;
        words[i] = in[i].compare_exchange_strong(words[i], drawn) ? drawn : words[i];
    }
    return {words[0], words[1]};
}

}  // namespace cohort::http
