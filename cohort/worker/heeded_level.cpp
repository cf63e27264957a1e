#include <cohort/worker/heeded_level.hpp>

namespace cohort::work {

heeded_level::heeded_level(const board::commons& in, std::uint32_t slot,
                           log::level by_settings) noexcept
    : slot_{slot}, by_settings_{by_settings}
{
    if (auto said = board::said_levels::open(in))
        said_ = *said;
}

void heeded_level::look() noexcept
{
    const auto wanted = said_ ? said_->in_slot(slot_) : std::nullopt;
    if (wanted == seen_)
        return;
    seen_ = wanted;
    log::set_level(wanted ? static_cast<log::level>(*wanted) : by_settings_);
}

}  // namespace cohort::work
