#include <cohort/primary/dashboard_pulse.hpp>

#include <cohort/base/try.hpp>
#include <cohort/process/cgroup.hpp>

#include <fmt/format.h>

#include <string>

namespace cohort::primary {

result<dashboard_pulse> dashboard_pulse::in(const board::commons& memory)
{
    using word = std::atomic<std::uint64_t>;
    static_assert(word::is_always_lock_free);
    COHORT_TRY(const auto place, memory.area("dashboard_pulse/1", sizeof(word)));
    // All zeros at first, or what an earlier primary's dashboard counted.
    return dashboard_pulse{board::area_as<word>(place)};
}

bool dashboard_pulse::look() noexcept
{
    const std::uint64_t beats = beats_->load(std::memory_order_relaxed);
    if (beats != heard_) {
        heard_ = beats;
        quiet_ = 0;
        return false;
    }
    return ++quiet_ >= looks_max;
}

bool is_debugged(pid_t who)
{
    const auto status = process::read_system_file(fmt::format("/proc/{}/status", who));
    return status && status->contains("\nTracerPid:\t") && !status->contains("\nTracerPid:\t0\n");
}

}  // namespace cohort::primary
