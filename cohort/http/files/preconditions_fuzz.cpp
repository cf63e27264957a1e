// Any bytes as a list of entity tags: what is equal strongly is equal weakly, and a tag that was
// found stands in the list.

#include <cohort/base/assert.hpp>
#include <cohort/http/files/preconditions.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string list(data, data + size);
    const std::string tag = "\"a\"";
    const bool strongly = has_tag(list, tag, tag_comparison::strong);
    const bool weakly = has_tag(list, tag, tag_comparison::weak);
    COHORT_ASSERT(!strongly || weakly);
    COHORT_ASSERT(!weakly || list.find(tag) != std::string::npos ||
                  list.find('*') != std::string::npos);
    COHORT_ASSERT(has_tag(tag + "," + list, tag, tag_comparison::strong));
    return 0;
}
