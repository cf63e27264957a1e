// Any bytes as an address: what is accepted holds nothing that could end a request line, and reads
// the same when it is put together again.

#include <cohort/base/assert.hpp>
#include <cohort/http/client/url.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto read = parse_url(std::string(data, data + size));
    if (!read)
        return 0;
    COHORT_ASSERT(!read->host.empty() && read->port != 0);
    COHORT_ASSERT(read->target.starts_with('/'));
    for (const char c : read->authority() + read->target)
        COHORT_ASSERT(c > ' ' && c != '\x7f' && c != '#');
    const auto again = parse_url(read->origin() + read->target);
    COHORT_ASSERT(again && *again == *read);
    return 0;
}
