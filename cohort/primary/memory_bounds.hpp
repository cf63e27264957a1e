#pragma once

#include <cohort/config/settings.hpp>
#include <cohort/process/memory_group.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace cohort::primary {

/// limit.memory, as far as this environment can keep it: a control group for each slot. A resource.
class memory_bounds {
public:
    /// The group for the next worker of that slot. Nothing: there is no limit, or none that can be
    /// kept, which the log says once for each generation.
    [[nodiscard]] process::memory_group_ptr
    group_for(std::uint32_t slot, const config::settings& terms, std::uint32_t generation);
    /// What a primary before us made for that slot. Nothing: it did not.
    [[nodiscard]] process::memory_group_ptr
    left_for(std::uint32_t slot, const config::settings& terms, std::uint32_t generation);
    /// Removes it and forgets it, unless somebody is in it still (again later).
    void remove(process::memory_group_ptr& which) const noexcept;

    /// What holds of that limit, in words; empty: there is none.
    [[nodiscard]] std::string words(const config::settings& terms) const;

private:
    void look(std::uint32_t generation, const config::settings& terms);

    std::optional<process::memory_groups> groups_;
    std::string why_not_;
    std::optional<std::uint32_t> looked_for_;  // which generation
};

}  // namespace cohort::primary
