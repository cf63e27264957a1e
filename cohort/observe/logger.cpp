#include <cohort/observe/logger.hpp>

#include <cohort/observe/detail/log_bindings.hpp>

#include <utility>

namespace cohort::log {

namespace {

std::shared_ptr<const detail::bindings> made_of(detail::bindings from, std::span<const field> more)
{
    from.add(more);
    return std::make_shared<const detail::bindings>(std::move(from));
}

}  // namespace

logger::logger(std::span<const field> bound)
    : bound_{made_of({}, bound)}
{}

logger logger::with(fields more) const
{
    logger made;
    made.bound_ =
        made_of(bound_ != nullptr ? *bound_ : detail::bindings{}, {more.begin(), more.size()});
    return made;
}

}  // namespace cohort::log
