// Any text as Forwarded and as X-Forwarded-For: what is read lies inside the text and reads the
// same when it is written again.

#include <cohort/base/assert.hpp>
#include <cohort/http/forwarded.hpp>
#include <cohort/http/grammar.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

using namespace cohort;

namespace {

void check_node(const http::forwarded_node& node)
{
    if (!node.address.is_ip())
        return;
    const std::string open = node.address.is_v6() ? "[" : "";
    const std::string close = node.address.is_v6() ? "]" : "";
    std::string again = open + node.address.text() + close;
    if (node.port != 0)
        again += ":" + std::to_string(node.port);
    COHORT_ASSERT(http::parse_node(again) == node);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    const std::array<std::string_view, 1> field{text};
    if (const auto node = http::parse_node(text))
        check_node(*node);
    const auto hops = http::parse_forwarded(field);
    if (!hops)
        return 0;
    COHORT_ASSERT(hops->size() <= http::hops_max);
    for (const auto& hop : *hops) {
        COHORT_ASSERT(hop.host.empty() || http::is_host_and_port(hop.host));
        COHORT_ASSERT(hop.scheme.size() <= size && hop.host.size() <= size);
        if (hop.from)
            check_node(*hop.from);
    }
    return 0;
}
