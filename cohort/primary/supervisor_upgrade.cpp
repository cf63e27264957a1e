// What a supervisor does so that another program can go on in this process, and as that one.

#include <cohort/primary/supervisor.hpp>

#include <cohort/base/try.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cohort::primary {

std::string supervisor::hindrance() const
{
    // Pairs have a keeper and a hotline: they are found again whatever they are at.
    for (const auto& at : seats_) {
        const bool alone = at->tenant && !at->tenant->dead() && !at->tenant->is_kept();
        if (alone && !at->tenant->is_stranger())
            return fmt::format("worker {} has no keeper: it would end with this primary",
                               at->tenant->id());
    }
    return {};
}

result<> supervisor::leave_behind()
{
    for (const generation_ptr& each : {previous_, current_}) {
        if (each) {
            COHORT_TRY(each->leave_behind());
        }
    }
    note_generations();
    for (const auto& at : seats_)
        note(*at);
    return {};
}

unsigned supervisor::unheard() const noexcept
{
    return static_cast<unsigned>(std::ranges::count_if(seats_, [](const auto& at) {
        return at->keeper && at->tenant && !at->tenant->dead() && at->tenant->is_recovered() &&
               !at->tenant->has_greeted();
    }));
}

}  // namespace cohort::primary
