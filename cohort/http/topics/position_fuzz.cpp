// Any bytes as a position: what is accepted is written in the same way again.

#include <cohort/base/assert.hpp>
#include <cohort/http/topics/position.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    if (const auto found = cohort::http::position::parse(text))
        COHORT_ASSERT(found->text() == text);
    return 0;
}
