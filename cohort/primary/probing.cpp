#include <cohort/primary/probing.hpp>

#include <algorithm>
#include <utility>

namespace cohort::primary {

probing::verdict probing::judge(std::span<const probe_outcome> round, unsigned fails)
{
    verdict said;
    said.asked = round.size();
    said.failing = static_cast<std::size_t>(std::ranges::count(round, false, &probe_outcome::well));
    said.shared = said.failing >= 2 && 2 * said.failing > said.asked;
    const bool before = std::exchange(shared_, said.shared);
    said.begun = said.shared && !before;
    said.over = before && !said.shared;
    outages_ += said.begun ? 1 : 0;
    std::map<std::uint32_t, unsigned> counts;
    for (const probe_outcome& each : round) {
        unsigned& count = counts[each.worker];
        if (each.well)
            continue;
        count = failed_[each.worker] + (said.shared ? 0 : 1);
        if (!said.shared && count >= fails)
            said.ill.push_back(each.worker);
    }
    failed_ = std::move(counts);
    return said;
}

}  // namespace cohort::primary
