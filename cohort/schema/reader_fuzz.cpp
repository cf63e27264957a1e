// Any bytes as a JSON text: Boost.JSON accepts what we accept, and refuses what we refuse but for
// names that are there twice.

#include <cohort/base/assert.hpp>
#include <cohort/schema/reader.hpp>

#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

using namespace cohort;

namespace {

/// Nothing: it gave up at a number that a double cannot hold, which is JSON all the same.
std::optional<bool> boost_accepts(std::string_view text)
{
    boost::json::parse_options options;
    options.max_depth = schema::depth_max;
    boost::json::stream_parser parser{{}, options};
    boost::system::error_code why;
    parser.write(text.data(), text.size(), why);
    if (!why)
        parser.finish(why);
    if (why == boost::json::error::exponent_overflow)
        return std::nullopt;
    return !why;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string bytes(data, data + size);
    const std::string_view text{bytes};
    schema::reader in{text};
    const bool ours = in.skip() && in.finish();
    const schema::mistakes found = in.take_mistakes();
    COHORT_ASSERT(ours == !found.syntax.has_value());
    const bool twice = found.syntax && found.syntax->what.ends_with("twice");
    COHORT_ASSERT(twice || ours == boost_accepts(text).value_or(ours));
    return 0;
}
