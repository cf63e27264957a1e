// Any bytes at the beginning of a connection: what is decided about a part is decided about all of
// it, and nothing is taken that is not there.

#include <cohort/base/assert.hpp>
#include <cohort/http/proxy_header.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using status = http::proxy_header_status;
    const std::string text(data, data + size);
    const std::string_view bytes = text;
    const auto whole = http::read_proxy_header(bytes);
    COHORT_ASSERT(whole.status != status::need_more || size < http::proxy_header_bytes_max);
    if (whole.status == status::done)
        COHORT_ASSERT(whole.bytes > 0 && whole.bytes <= size);
    for (std::size_t part = 0; part < std::min<std::size_t>(size, 600); ++part) {
        const auto early = http::read_proxy_header(bytes.substr(0, part));
        if (early.status == status::need_more)
            continue;
        COHORT_ASSERT(early.status == whole.status);
        COHORT_ASSERT(early.bytes == whole.bytes && early.from == whole.from);
    }
    return 0;
}
