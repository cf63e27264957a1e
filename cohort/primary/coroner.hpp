#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/board/flight.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/observe/log_budget.hpp>
#include <cohort/primary/autopsy.hpp>
#include <cohort/primary/chronicle.hpp>
#include <cohort/primary/death_cause.hpp>
#include <cohort/primary/generation.hpp>
#include <cohort/primary/messenger.hpp>
#include <cohort/primary/worker_handle.hpp>
#include <cohort/process/memory_group.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace cohort::primary {

/// Finds out why workers died, counts it, and tells: the log, the chronicle, and files. A resource
/// of the primary's loop.
class coroner {
public:
    /// Of the cohort with this board, which outlives it.
    coroner(asio::any_io_executor executor, const board::segment& of);

    /// Tells it from now on, too. It outlives us.
    void tell(chronicle& whom) noexcept { past_ = &whom; }

    using finding_ptr = std::shared_ptr<autopsy>;

    /// What is known at once: all that others could write over. Order: who->ended().
    /// @param in  the control group of its slot; nullptr: there is none
    [[nodiscard]] finding_ptr examine(worker_handle& who, const process::memory_group* in);

    /// Finds the names of what was on its stack, a millisecond at a time, and tells everybody.
    /// @param of  by whose settings reports are written.
    /// Order: after the chronicle knows of its end. Cancel: what is found by then is told.
    [[nodiscard]] awaitable<> report(worker_ptr who, finding_ptr found, generation_ptr of);

    /// Tells the chronicle what a primary before us has written about the ends that it knows of.
    /// Cancel: total.
    [[nodiscard]] awaitable<> recall(std::uint32_t slots, generation_ptr of);

    /// For whoever counts restarts by cause.
    [[nodiscard]] const death_counts& counts() const noexcept { return counts_; }

private:
    /// Where it lies; nothing: there is none, for a reason that was logged.
    [[nodiscard]] awaitable<std::optional<std::string>>
    file(worker_ptr who, generation_ptr of, boost::json::object story, std::string text);

    const board::segment& board_;
    std::optional<board::flight_recorder> flights_;
    chronicle* past_ = nullptr;
    death_counts counts_;
    log::budget files_{10};
    messengers messengers_;
    steady_time files_again_{};        // not before
    std::uint64_t without_files_ = 0;  // deaths, since then
};

}  // namespace cohort::primary
