#include <cohort/http/detail/retry_after.hpp>

#include <cohort/base/random.hpp>

#include <algorithm>
#include <cstdint>

namespace cohort::http::detail {

std::chrono::seconds retry_after_by_chance(std::chrono::seconds most) noexcept
{
    const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>(most.count(), 1));
    return std::chrono::seconds{1 + random_source::of_this_thread().next() % span};
}

}  // namespace cohort::http::detail
