// Any bytes as a JSON text: what is accepted says the same when it is written and read again, what
// is refused is refused at a place inside the text.

#include <cohort/base/assert.hpp>
#include <cohort/http/json.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    const auto document = http::parse_json(text);
    if (!document) {
        COHORT_ASSERT(document.error().offset <= size);
        COHORT_ASSERT(document.error().line >= 1 && document.error().column >= 1);
        COHORT_ASSERT(!document.error().what.empty());
        return 0;
    }
    const auto again = http::parse_json(boost::json::serialize(*document));
    COHORT_ASSERT(again);
    // Numbers may change their kind on the way (1.0 is written as 1E0); their text then agrees.
    COHORT_ASSERT(boost::json::serialize(*again) == boost::json::serialize(*document));
    return 0;
}
