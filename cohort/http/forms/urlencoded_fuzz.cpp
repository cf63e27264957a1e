// Any bytes as a form: what is accepted says the same when it is written and read again, in its
// order; it is UTF-8 without NUL, within the limits.

#include <cohort/base/assert.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/http/forms/urlencoded.hpp>
#include <cohort/http/percent.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    const http::urlencoded_limits limits{.pairs_max = 20, .name_bytes_max = 40};
    const auto read = http::parse_urlencoded(text, limits);
    if (!read) {
        COHORT_ASSERT(read.error().why() == errc::malformed ||
                      read.error().why() == errc::too_large);
        return 0;
    }
    COHORT_ASSERT(read->fields().size() <= limits.pairs_max);
    std::string again;
    for (const auto& [name, value] : read->fields()) {
        COHORT_ASSERT(is_utf8(name) && is_utf8(value));
        COHORT_ASSERT((name + value).find('\0') == std::string::npos);
        again += http::percent_encode(name) + '=' + http::percent_encode(value) + '&';
    }
    const auto reread = http::parse_urlencoded(again);
    COHORT_ASSERT(reread && reread->fields() == read->fields());
    return 0;
}
