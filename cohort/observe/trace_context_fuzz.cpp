// Any bytes as traceparent and as tracestate: what is accepted is written in a form that is
// accepted again, and means the same.

#include <cohort/base/assert.hpp>
#include <cohort/observe/trace_context.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort::observe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    if (const auto found = parse_traceparent(text)) {
        COHORT_ASSERT(found->valid());
        const auto again = parse_traceparent(found->traceparent());
        COHORT_ASSERT(again && again->trace == found->trace && again->span == found->span &&
                      again->sampled() == found->sampled());
    }
    if (const auto state = checked_tracestate(text)) {
        COHORT_ASSERT(state->size() <= tracestate_bytes_max);
        COHORT_ASSERT(std::ranges::count(*state, ',') < 32);
        COHORT_ASSERT(checked_tracestate(*state) == state);
    }
    return 0;
}
