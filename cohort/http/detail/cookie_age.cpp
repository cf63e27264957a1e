#include <cohort/http/detail/cookie_age.hpp>

#include <cohort/base/assert.hpp>

namespace cohort::http::detail {

std::string time_bytes(std::int64_t seconds)
{
    std::string bytes(8, '\0');
    auto rest = static_cast<std::uint64_t>(seconds);
    for (auto each = bytes.rbegin(); each != bytes.rend(); ++each) {
        *each = static_cast<char>(rest & 255);
        rest >>= 8;
    }
    return bytes;
}

std::int64_t time_of(std::string_view eight_bytes) noexcept
{
    COHORT_ASSERT(eight_bytes.size() == 8);
    std::uint64_t seconds = 0;
    for (const char c : eight_bytes)
        seconds = (seconds << 8) | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(seconds);
}

bool holds(std::int64_t issued, const cookie_trust& trust)
{
    constexpr std::int64_t leeway = 60;
    // Both were authenticated or come from our clock: no sum here can overflow.
    const std::int64_t now = trust.now();
    return issued - leeway <= now && now - issued < trust.max_age.count();
}

}  // namespace cohort::http::detail
