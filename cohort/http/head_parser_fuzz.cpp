// Any bytes as a connection: the outcome must not depend on how they are cut, every span must lie
// inside the head, and what we accept llhttp must read the same, but for reasons with a name.

#include <tests/protocol/llhttp_drive.hpp>

#include <cohort/base/assert.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>

using namespace cohort;

namespace {

const http::limits bounds;

void check_spans(std::string_view bytes)
{
    http::head_parser parser{bounds};
    http::head found;
    if (parser.parse(bytes, found) != http::parse_status::done)
        return;
    COHORT_ASSERT(found.size <= bytes.size());
    const auto inside = [&found](http::text_span span) {
        return std::uint32_t{span.offset} + span.length <= found.size;
    };
    COHORT_ASSERT(inside(found.target) && found.target.length > 0);
    COHORT_ASSERT(inside(found.path) && inside(found.query) && inside(found.host));
    COHORT_ASSERT(inside(found.method_text) && found.method_text.length > 0);
    COHORT_ASSERT(found.fields_count <= http::head::fields_max);
    for (std::size_t i = 0; i < found.fields_count; ++i)
        COHORT_ASSERT(inside(found.fields[i].name) && inside(found.fields[i].value));
}

void check_second_opinion(std::string_view bytes, const protocol::outcome& ours)
{
    if (ours.refused != 0 || !ours.between_requests || ours.served.empty())
        return;
    protocol::outcome theirs = protocol::drive_llhttp(bytes);
    const auto named = protocol::known_deviation(bytes, ours);
    if (theirs == ours || named)
        return;
    std::fprintf(stderr, "llhttp: %d %s, %zu served; ours: %zu served\n", theirs.refused,
                 theirs.rule.c_str(), theirs.served.size(), ours.served.size());
    COHORT_ASSERT(theirs == ours);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 1)
        return 0;
    const std::size_t cut = data[0];
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};

    check_spans(bytes);
    const auto whole = protocol::drive(bytes, bounds);
    COHORT_ASSERT(protocol::drive(bytes, bounds, {.first = cut, .step = 0}) == whole);
    if (size < 1000)
        COHORT_ASSERT(protocol::drive(bytes, bounds, {.first = 1, .step = 1}) == whole);
    check_second_opinion(bytes, whole);
    return 0;
}
