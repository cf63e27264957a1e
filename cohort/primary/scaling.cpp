#include <cohort/primary/scaling.hpp>

#include <algorithm>
#include <cmath>

namespace cohort::primary {

scaling::scaling(const config::scaling& terms, range within) noexcept
    : target_{terms.target_percent / 100.0},
      up_after_{terms.up_after},
      down_after_{terms.down_after},
      within_{within}
{}

void scaling::start_over() noexcept
{
    busy_since_.reset();
    idle_since_.reset();
    load_sum_ = 0;
    looks_ = 0;
}

unsigned scaling::needed(double load) const
{
    const double exact = std::ceil(load / target_ - 1e-9);
    return exact >= within_.high ? within_.high : static_cast<unsigned>(std::max(0.0, exact));
}

unsigned scaling::look(steady_time at, unsigned workers, double load)
{
    if (at - last_ > too_late)
        start_over();
    last_ = at;
    if (workers < within_.low || workers > within_.high) {
        start_over();
        return std::clamp(workers, within_.low, within_.high);
    }

    if (load > target_ * workers) {
        idle_since_.reset();
        if (!busy_since_)
            busy_since_ = at;
        load_sum_ += load;
        ++looks_;
        if (at - *busy_since_ < up_after_ || workers == within_.high)
            return workers;
        const double mean = load_sum_ / looks_;
        start_over();
        return std::clamp(needed(mean), workers + 1, within_.high);
    }
    busy_since_.reset();
    load_sum_ = 0;
    looks_ = 0;

    if (workers == within_.low || load >= target_ * room_to_spare * (workers - 1)) {
        idle_since_.reset();
        return workers;
    }
    if (!idle_since_)
        idle_since_ = at;
    // It stays due until somebody acts on it: the worker that would leave may have work.
    return at - *idle_since_ < down_after_ ? workers : workers - 1;
}

unsigned number_after(const number_terms& said, number_facts here) noexcept
{
    if (said.after == said.before)
        return here.present;
    return said.after.resolve(said.after.is_automatic() ? here.quota : here.present);
}

}  // namespace cohort::primary
