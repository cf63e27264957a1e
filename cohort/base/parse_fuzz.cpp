// Any bytes: no crash, and what is accepted is within its range.
#include <cohort/base/assert.hpp>
#include <cohort/base/parse.hpp>

#include <cmath>
#include <cstddef>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto duration = cohort::parse_duration(text))
        COHORT_ASSERT(duration->count() >= 0);
    if (const auto number = cohort::parse_number(text))
        COHORT_ASSERT(std::isfinite(*number));
    if (const auto integer = cohort::parse_integer<std::uint16_t>(text))
        COHORT_ASSERT(text.find_first_not_of("0123456789") == std::string_view::npos);
    (void)cohort::parse_size(text);
    return 0;
}
