#include <cohort/primary/memory_bounds.hpp>

#include <cohort/config/measure.hpp>
#include <cohort/config/memory_room.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/process/root.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <utility>

namespace cohort::primary {

void memory_bounds::look(std::uint32_t generation, const config::settings& terms)
{
    const std::uint64_t bytes = terms.limit.memory_bytes;
    // What was refused at the start may be allowed at the next reload.
    if (groups_ || std::exchange(looked_for_, generation) == generation)
        return;
    const pid_t root = process::root_pid();
    auto found = process::memory_groups::find(root != 0 ? root : ::getpid());
    if (!found) {
        why_not_ = found.error().subject();
        log::warn("limit.memory = {} is not kept: {}; going on without it",
                  config::text_of_bytes(bytes), why_not_);
        return;
    }
    found->sweep();
    groups_ = *std::move(found);
    why_not_.clear();
    if (const std::string narrow = config::narrow_memory(terms); !narrow.empty())
        log::warn("{}; going on", narrow);
    log::info("limit.memory = {} is kept ({})", config::text_of_bytes(bytes), groups_->words());
}

process::memory_group_ptr memory_bounds::group_for(std::uint32_t slot,
                                                   const config::settings& terms,
                                                   std::uint32_t generation)
{
    const std::uint64_t bytes = terms.limit.memory_bytes;
    if (bytes == 0)
        return nullptr;
    look(generation, terms);
    if (!groups_)
        return nullptr;
    auto made = groups_->make(slot, bytes);
    if (made) {
        why_not_.clear();
        return *std::move(made);
    }
    if (std::exchange(why_not_, made.error().text()) != made.error().text())
        log::warn("limit.memory is not kept for slot {}: {}; going on without it", slot, why_not_);
    return nullptr;
}

process::memory_group_ptr memory_bounds::left_for(std::uint32_t slot, const config::settings& terms,
                                                  std::uint32_t generation)
{
    if (terms.limit.memory_bytes == 0)
        return nullptr;
    look(generation, terms);
    return groups_ ? groups_->look_for(slot) : nullptr;
}

void memory_bounds::remove(process::memory_group_ptr& which) const noexcept
{
    if (which && groups_ && groups_->remove(*which))
        which.reset();
}

std::string memory_bounds::words(const config::settings& terms) const
{
    if (terms.limit.memory_bytes == 0)
        return {};
    const std::string bytes = config::text_of_bytes(terms.limit.memory_bytes);
    if (!why_not_.empty())
        return fmt::format("{}, not kept: {}", bytes, why_not_);
    return groups_ ? fmt::format("{} ({})", bytes, groups_->words()) : bytes;
}

}  // namespace cohort::primary
