// Any bytes as the value of a Cookie field: pairs are whole, and mean the same when written again.

#include <cohort/base/assert.hpp>
#include <cohort/http/cookies/cookie_reader.hpp>
#include <cohort/http/grammar.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    std::string_view rest = text;
    std::string written;
    std::vector<http::cookie_pair> first;
    while (const auto pair = http::next_cookie(rest)) {
        COHORT_ASSERT(http::is_token(pair->name));
        COHORT_ASSERT(http::is_field_value(pair->value));
        COHORT_ASSERT(pair->value.find(';') == std::string_view::npos);
        written += pair->name;
        written += '=';
        written += pair->value;
        written += "; ";
        first.push_back(*pair);
    }
    rest = written;
    for (const http::cookie_pair& each : first)
        COHORT_ASSERT(http::next_cookie(rest) == each);
    COHORT_ASSERT(!http::next_cookie(rest));
    return 0;
}
