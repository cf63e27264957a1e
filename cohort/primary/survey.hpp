#pragma once
// How a cohort stands, as JSON for whoever asks. Memory and processor time are not in it: whoever
// asks can read them in /proc by the pids, without making the primary wait for a disk.

#include <cohort/config/settings.hpp>
#include <cohort/primary/chronicle.hpp>
#include <cohort/primary/slot_view.hpp>
#include <cohort/primary/supervisor.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cohort::primary {

/// What a survey looks at.
struct surveyed {
    const supervisor& workers;
    const chronicle& past;
    const config::settings& settings;
    bool stopping = false;
};

/// How many slots are where, without those that are one more for a while. A value.
struct head_count {
    unsigned serving = 0;
    unsigned parked = 0;
    unsigned held = 0;
    unsigned moving = 0;  ///< on their way into one of these, or out

    /// Nothing will change by itself.
    [[nodiscard]] bool settled() const noexcept { return moving == 0; }
};
[[nodiscard]] head_count count(const std::vector<slot_view>& seats) noexcept;

/// The whole cohort, and a line for each slot.
[[nodiscard]] boost::json::object survey(const surveyed& of);
/// One slot with all that is known of it; nothing if there is no such slot.
[[nodiscard]] std::optional<boost::json::object> survey_slot(const surveyed& of,
                                                             std::uint32_t slot);
/// "api.3"
[[nodiscard]] std::string slot_name(const surveyed& of, std::uint32_t slot);

}  // namespace cohort::primary
