// Any text as a list of entity tags: a tag that is put in front of it is found, weakly and, unless
// it is weak, strongly; what matches strongly matches weakly.

#include <cohort/base/assert.hpp>
#include <cohort/http/conditions.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using how = http::tag_strength;
    const std::string list(data, data + size);
    COHORT_ASSERT(http::tag_listed("\"mine\"," + list, "\"mine\"", how::strong));
    COHORT_ASSERT(http::tag_listed("W/\"mine\" ," + list, "\"mine\"", how::weak));
    COHORT_ASSERT(!http::tag_listed(list, "W/\"mine\"", how::strong) ||
                  list.find('*') != list.npos);
    if (http::tag_listed(list, "\"a\"", how::strong))
        COHORT_ASSERT(http::tag_listed(list, "\"a\"", how::weak));
    if (http::tag_listed(list, "\"a\"", how::weak))
        COHORT_ASSERT(list.find("\"a\"") != list.npos || list.find('*') != list.npos);
    static_cast<void>(http::tag_listed("\"x\"", list, how::weak));
    return 0;
}
