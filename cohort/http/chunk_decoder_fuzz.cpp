// Any bytes as a chunked body: the data must not depend on how they are cut, nor lie outside the
// input, and what we accept llhttp must read the same, but for extensions (see known_deviation).

#include <tests/protocol/llhttp_drive.hpp>

#include <cohort/base/assert.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort;

namespace {

const http::limits bounds;
const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

struct decoded {
    std::string data;
    http::parse_status status = http::parse_status::need_more;
    std::size_t consumed = 0;
    std::string_view rule;

    friend bool operator==(const decoded&, const decoded&) = default;
};

void decode(http::chunk_decoder& decoder, std::string_view piece, decoded& into)
{
    while (!piece.empty() && into.status == http::parse_status::need_more) {
        const auto step = decoder.decode(piece);
        COHORT_ASSERT(step.consumed <= piece.size() && step.data.size() <= step.consumed);
        if (!step.data.empty())
            COHORT_ASSERT(step.data.data() + step.data.size() == piece.data() + step.consumed);
        into.data.append(step.data);
        into.consumed += step.consumed;
        into.status = step.status;
        into.rule = decoder.why().rule;
        COHORT_ASSERT(step.consumed > 0 || step.status != http::parse_status::need_more);
        piece.remove_prefix(step.consumed);
    }
}

decoded decode_in_two(std::string_view bytes, std::size_t cut)
{
    http::chunk_decoder decoder{bounds};
    decoded all;
    decode(decoder, bytes.substr(0, cut), all);
    decode(decoder, bytes.substr(std::min(cut, bytes.size())), all);
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 1)
        return 0;
    const std::size_t cut = data[0];
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};

    const decoded whole = decode_in_two(bytes, bytes.size());
    COHORT_ASSERT(decode_in_two(bytes, cut) == whole);
    http::chunk_decoder decoder{bounds};
    decoded single;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        decode(decoder, bytes.substr(i, 1), single);
    COHORT_ASSERT(single == whole);

    if (whole.status != http::parse_status::done)
        return 0;
    const std::string request = head + std::string{bytes.substr(0, whole.consumed)};
    const auto ours = protocol::drive(request, bounds);
    COHORT_ASSERT(ours.served.size() == 1 && ours.served[0].body == whole.data);
    if (!protocol::known_deviation(request, ours))
        COHORT_ASSERT(protocol::drive_llhttp(request) == ours);
    return 0;
}
