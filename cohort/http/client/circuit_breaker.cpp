#include <cohort/http/client/circuit_breaker.hpp>

#include <algorithm>

namespace cohort::http {

bool circuit_breaker::admit(steady_time now) noexcept
{
    switch (state_) {
        case state::closed:
            return true;
        case state::open:
            if (now < open_until_)
                return false;
            state_ = state::half_open;
            trials_running_ = 0;
            [[fallthrough]];
        case state::half_open:
            if (trials_running_ >= std::max(options_.trials, 1U))
                return false;
            ++trials_running_;
            return true;
    }
    return false;
}

void circuit_breaker::end(outcome how, steady_time now) noexcept
{
    if (state_ == state::half_open) {
        // It may have begun before the circuit opened: then it says as much as a trial.
        trials_running_ -= std::min(trials_running_, 1U);
        if (how == outcome::success)
            close();
        else if (how == outcome::failure)
            open(now);
        return;
    }
    if (state_ == state::open || how == outcome::unknown)
        return;
    if (now - window_began_ >= options_.window)
        begin_window(now);
    ++calls_;
    failures_ += how == outcome::failure ? 1U : 0U;
    if (how == outcome::failure && failures_ >= options_.failures_min &&
        failures_ >= options_.failed_share * calls_)
        open(now);
}

void circuit_breaker::open(steady_time now) noexcept
{
    if (state_ == state::half_open)
        open_for_ = std::min(open_for_ * 2, options_.open_ceiling);
    state_ = state::open;
    open_until_ = now + open_for_;
    ++opened_;
}

void circuit_breaker::close() noexcept
{
    state_ = state::closed;
    open_for_ = options_.open_for;
    window_began_ = {};
    calls_ = failures_ = 0;
}

void circuit_breaker::begin_window(steady_time now) noexcept
{
    window_began_ = now;
    calls_ = failures_ = 0;
}

}  // namespace cohort::http
