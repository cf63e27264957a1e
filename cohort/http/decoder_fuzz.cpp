// Any bytes as a compressed body: nothing comes out that passes the limits, and what does come out
// comes out again when it is compressed anew.

#include <cohort/base/assert.hpp>
#include <cohort/http/decoder.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const auto kind = static_cast<http::coding>(data[0] % 3);
    const std::string body(data + 1, data + size);
    const http::decoder_limits bounds{
        .bytes_max = 100'000, .ratio_max = 10, .ratio_free_bytes = 99};
    const auto text = http::decode(kind, body, bounds);
    if (!text) {
        COHORT_ASSERT(text.error().why() == errc::malformed ||
                      text.error().why() == errc::too_large);
        return 0;
    }
    COHORT_ASSERT(text->size() <= bounds.bytes_max);
    COHORT_ASSERT(text->size() <= 99 || text->size() / 10 < body.size());
    COHORT_ASSERT(http::decode(kind, *http::encode(kind, *text),
                               {.bytes_max = 100'000, .ratio_max = 1'000'000}) == *text);
    return 0;
}
