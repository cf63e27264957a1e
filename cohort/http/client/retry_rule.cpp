#include <cohort/http/client/retry_rule.hpp>

#include <algorithm>

namespace cohort::http {

namespace {

bool worth_it(const attempt_outcome& how, repeatable twice) noexcept
{
    using kind = attempt_outcome::kind;
    switch (how.what) {
        case kind::not_sent:
            return true;
        case kind::broken:
            return twice == repeatable::yes;
        case kind::misunderstood:
            return false;
        case kind::answered:
            return twice == repeatable::yes &&
                   (how.status == 502 || how.status == 503 || how.status == 504);
    }
    return false;
}

}  // namespace

std::optional<nanoseconds> retry_rule::after(const attempt_outcome& how) noexcept
{
    if (attempts_ >= options_.attempts_max || !worth_it(how, twice_))
        return std::nullopt;
    const nanoseconds asked = how.retry_after.value_or(nanoseconds{0});
    if (asked > options_.retry_after_max)
        return std::nullopt;
    ++attempts_;
    // The server's word is the least; the jitter behind it keeps its clients apart.
    return asked + pauses_.next();
}

}  // namespace cohort::http
