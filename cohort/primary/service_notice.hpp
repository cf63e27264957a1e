#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/primary/supervisor.hpp>
#include <cohort/process/service_manager.hpp>

#include <string>
#include <string_view>

namespace cohort::primary {

/// Tells the service manager how the cohort is. A resource; belongs to the primary's loop.
class service_notice {
public:
    /// Lifetime: it outlives this.
    explicit service_notice(const process::service_manager& manager) noexcept
        : manager_{manager}
    {}

    /// Says READY=1 once the workers that were wanted are there (or given up, if at least one
    /// serves), and from then on how many there are. `at_start` follows READY=1.
    /// Deadline: none, it is the life of the primary.
    [[nodiscard]] awaitable<> watch(supervisor& workers, upkeep who,
                                    std::move_only_function<void()> at_start);
    /// Says WATCHDOG=1 twice in every period: while this loop turns, the primary is healthy.
    [[nodiscard]] awaitable<> keep_alive();

    /// A reload has begun; the words say what of.
    void reload_began(std::string_view words);
    /// It is over, whichever way it went: sd_notify knows no failure, so the words tell.
    void reload_ended(std::string_view words);
    /// The cohort ends, and takes `budget` for it; said again when it takes longer.
    void stopping(nanoseconds budget);

private:
    void count(const supervisor& workers);
    void note(const result<>& said);
    [[nodiscard]] bool is_there(const supervisor& workers) const;

    const process::service_manager& manager_;
    std::size_t ready_ = 0;
    std::string last_;
    bool told_ready_ = false;
    bool stopping_ = false;
    bool complained_ = false;
};

}  // namespace cohort::primary
