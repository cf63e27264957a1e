// Accept headers, as anybody may send them.

#include <cohort/base/assert.hpp>
#include <cohort/observe/exposition_format.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace cohort::observe;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string accept{reinterpret_cast<const char*>(data), size};
    // Only who names it gets it.
    if (preferred_exposition(accept) == exposition_format::openmetrics)
        COHORT_ASSERT(accept.find("application/openmetrics-text") != std::string::npos);
    return 0;
}
