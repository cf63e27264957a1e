#include <cohort/primary/crash_policy.hpp>

#include <algorithm>

namespace cohort::primary {

nanoseconds time_served(const stages_reached& how, steady_time end, ending what)
{
    if (how.listening)
        return end - *how.listening;
    if (!how.online)
        return nanoseconds::zero();
    const nanoseconds lived = end - *how.online;
    return what == ending::well || lived >= useful_life ? lived : nanoseconds::zero();
}

crash_policy::crash_policy(crash_limits limits, random_source dice)
    : limits_{limits}, pauses_{limits.pause_first, limits.pause_ceiling, dice}
{}

bool crash_policy::excused(const death& how)
{
    if (how.served >= limits_.healthy_start)
        return true;
    if (how.by == killer::itself || how.served == nanoseconds::zero())
        return false;
    if (how.by == killer::outside)
        return true;

    // A program that leaves as soon as it is ready, again and again, is broken, too: patience with
    // it is a bucket that fills by one a second.
    const std::chrono::duration<double> since = how.when - patience_at_;
    patience_ = std::min(patience_full, patience_ + since.count());
    patience_at_ = how.when;
    if (patience_ < 1)
        return false;
    patience_ -= 1;
    return true;
}

verdict crash_policy::on_death(const death& how)
{
    if (how.served >= limits_.forgiven_after)
        forgive();
    if (excused(how))
        return {verdict::deed::replace, nanoseconds::zero()};

    early_.push_back(how.when);
    while (early_.front() + limits_.give_up_window < how.when)
        early_.pop_front();
    if (limits_.give_up_deaths != 0 && early_.size() >= limits_.give_up_deaths)
        return {verdict::deed::park, nanoseconds::zero()};

    ++streak_;
    if (streak_ == 1)
        return {verdict::deed::replace, nanoseconds::zero()};
    return {verdict::deed::replace, pauses_.next()};
}

void crash_policy::forgive()
{
    early_.clear();
    pauses_.reset();
    streak_ = 0;
}

board::ledger_deaths crash_policy::remember() const noexcept
{
    board::ledger_deaths words;
    // The youngest, if there are more: the limit counts how many there were lately.
    const std::size_t count = std::min(early_.size(), words.early_ns.size());
    for (std::size_t i = 0; i < count; ++i)
        words.early_ns[i] = early_[early_.size() - count + i].time_since_epoch().count();
    words.early_count = static_cast<std::uint32_t>(count);
    words.streak = streak_;
    words.patience = patience_;
    words.patience_at_ns = patience_at_.time_since_epoch().count();
    words.pause_ns = pauses_.step().count();
    return words;
}

void crash_policy::recall(const board::ledger_deaths& words)
{
    early_.clear();
    const std::size_t count = std::min<std::size_t>(words.early_count, words.early_ns.size());
    for (std::size_t i = 0; i < count; ++i)
        early_.emplace_back(nanoseconds{words.early_ns[i]});
    streak_ = words.streak;
    // Written so that what is no number is no patience.
    patience_ = words.patience >= 0 ? std::min(words.patience, patience_full) : 0;
    patience_at_ = steady_time{nanoseconds{words.patience_at_ns}};
    pauses_.go_on_from(nanoseconds{words.pause_ns});
}

}  // namespace cohort::primary
