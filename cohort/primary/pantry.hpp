#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/control/hatch.hpp>
#include <cohort/primary/reception.hpp>
#include <cohort/primary/supervisor.hpp>

#include <cstdint>
#include <vector>

namespace cohort::primary {

/// What the process of the dashboard shows and may not open: the primary opens it, and reads none
/// of it. Which files these are is known here; nobody names one. A resource.
class pantry final : public control::larder {
public:
    /// All of it outlives us.
    pantry(const supervisor& workers, reception& at, const config::settings& settings) noexcept
        : workers_{workers}, reception_{at}, settings_{settings}
    {}

    [[nodiscard]] result<std::vector<unique_fd>> fetch(const control::wish& what,
                                                       pid_t who) override;

private:
    [[nodiscard]] result<std::vector<unique_fd>> look_at(pid_t worker) const;
    [[nodiscard]] result<unique_fd> fetch_one(const control::wish& what, pid_t who);

    const supervisor& workers_;
    reception& reception_;
    const config::settings& settings_;
};

}  // namespace cohort::primary
