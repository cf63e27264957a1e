// Any bytes as a Range field, for a body whose size the first two bytes say: ranges lie inside it,
// apart from each other, and there are few.

#include <cohort/base/assert.hpp>
#include <cohort/http/files/byte_ranges.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    const std::uint64_t body = data[0] * 256U + data[1];
    const auto choice = choose_ranges(std::string(data + 2, data + size), body);
    COHORT_ASSERT((choice.what == range_choice::kind::partial) == !choice.ranges.empty());
    COHORT_ASSERT(choice.ranges.size() <= byte_ranges_max);
    for (std::size_t i = 0; i < choice.ranges.size(); ++i) {
        const byte_range& one = choice.ranges[i];
        COHORT_ASSERT(one.first <= one.last && one.last < body);
        for (std::size_t j = 0; j < i; ++j)
            COHORT_ASSERT(one.first > choice.ranges[j].last || one.last < choice.ranges[j].first);
    }
    return 0;
}
