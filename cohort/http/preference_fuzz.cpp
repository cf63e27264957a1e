// Any text as a list of preferences: what is read lies inside it, and within bounds.

#include <cohort/base/assert.hpp>
#include <cohort/http/preference.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    const auto inside = [&](std::string_view part) {
        const std::less_equal<> at_most;
        return part.empty() || (at_most(text.data(), part.data()) &&
                                at_most(part.data() + part.size(), text.data() + text.size()));
    };
    const auto all = http::read_preferences(text);
    COHORT_ASSERT(all.size() <= http::preferences_max);
    for (const auto& each : all) {
        COHORT_ASSERT(!each.name.empty() && inside(each.name) && inside(each.parameters));
        COHORT_ASSERT(each.weight <= 1000);
        COHORT_ASSERT(http::weight_of(all, each.name).has_value());
    }
    return 0;
}
