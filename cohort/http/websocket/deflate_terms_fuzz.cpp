// Any Sec-WebSocket-Extensions: what is agreed on is within what was asked for.

#include <cohort/base/assert.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/websocket/deflate_terms.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto terms = http::agree_on_deflate({text}, {});
    if (!terms)
        return 0;
    COHORT_ASSERT(terms->our_window_bits >= 9 && terms->our_window_bits <= 12);
    COHORT_ASSERT(terms->their_window_bits >= 9 && terms->their_window_bits <= 15);
    COHORT_ASSERT(http::is_field_value(terms->text));
    // A client that repeats our answer as its offer gets the same answer.
    const auto again = http::agree_on_deflate({terms->text}, {});
    COHORT_ASSERT(again && again->text == terms->text);
    return 0;
}
