// Any bytes as baggage, and as pairs of an environment variable: what is accepted is written in a
// form that reads the same.

#include <cohort/base/assert.hpp>
#include <cohort/observe/baggage.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort::observe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    if (const auto found = baggage::parse(text)) {
        COHORT_ASSERT(found->members().size() <= baggage::members_max);
        const std::string written = found->text();
        COHORT_ASSERT(written.size() <= baggage::bytes_max);
        COHORT_ASSERT(baggage::parse(written) == found);
    }
    static_cast<void>(parse_pairs(text));
    return 0;
}
