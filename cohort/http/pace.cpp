#include <cohort/http/pace.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

std::int64_t cost(std::uint32_t seconds, const pace_terms& of) noexcept
{
    return std::int64_t{seconds} * of.bytes_per_second;
}

}  // namespace

void pace::begin(std::uint64_t total, std::uint32_t second, const pace_terms& of) noexcept
{
    *this = {};
    credit_ = cost(of.grace, of);
    seen_ = total;
    since_ = second;
    begun_ = runs_ = true;
}

void pace::charge(std::uint32_t second, const pace_terms& of) noexcept
{
    const std::uint32_t passed = runs_ && second > since_ ? second - since_ : 0;
    since_ = second;
    silent_ += passed;
    credit_ -= cost(passed, of);
}

void pace::pause(std::uint32_t second, const pace_terms& of) noexcept
{
    charge(second, of);
    runs_ = false;
}

void pace::go_on(std::uint32_t second) noexcept
{
    if (runs_)
        return;
    since_ = second;
    runs_ = true;
}

bool pace::is_late(std::uint64_t total, std::uint32_t second, const pace_terms& of) noexcept
{
    charge(second, of);
    if (total > seen_) {
        credit_ += static_cast<std::int64_t>(total - seen_);
        seen_ = total;
        silent_ = 0;
    }
    if (of.silence != 0)
        credit_ = std::min(credit_, cost(std::max(of.grace, of.silence), of));
    return (of.grace != 0 && credit_ < 0) || (of.silence != 0 && silent_ >= of.silence);
}

}  // namespace cohort::http
