#include <cohort/primary/scaler.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/process/processor_time.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds look_period = 500ms;

double share(nanoseconds part, nanoseconds of) noexcept
{
    if (of <= 0ns)
        return 0;
    return std::clamp(static_cast<double>(part.count()) / static_cast<double>(of.count()), 0.0,
                      1.0);
}

/// Whom a supervisor would ask to leave: the last slot's worker. (If that one does not serve yet,
/// it has no work either.)
bool last_is_idle(const std::vector<tenant_view>& all)
{
    for (auto each = all.rbegin(); each != all.rend(); ++each) {
        if (!each->extra)
            return !each->row || (each->row->requests_running == 0 && each->row->lanes_busy == 0);
    }
    return true;
}

}  // namespace

scaler::scaler(supervisor& of, std::function<bool()> held_back)
    : of_{of}, held_back_{std::move(held_back)}
{}

awaitable<> scaler::run()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        // Not due: until something changed, a reload's new settings for one.
        if (is_due())
            co_await sleep_for(look_period);
        else
            co_await of_.change();
        if (!stopped(stop) && is_due())
            look();
    }
}

/// Takes new terms, too.
bool scaler::is_due()
{
    const config::worker_count number = of_.number();
    if (for_ != of_.current() || number != number_) {
        for_ = of_.current();
        go_by(number);
    }
    return decides_ && !of_.retiring() && of_.wanted() != 0;
}

void scaler::go_by(const config::worker_count& number)
{
    const bool decided = decides_.has_value();
    number_ = number;
    decides_.reset();
    meters_.clear();
    if (number.low() < number.high())
        decides_.emplace(for_->settings().scaling,
                         scaling::range{.low = number.low(), .high = number.high()});
    else if (decided)
        log::info("scaling: the number of workers stays {}: somebody set it", number.text());
}

void scaler::look()
{
    const steady_time at = now();
    double load = 0;
    std::map<std::uint32_t, meter> before = std::move(meters_);
    meters_.clear();
    for (const tenant_view& each : of_.tenants()) {
        if (const auto known = before.find(each.id); known != before.end())
            meters_.insert(*known);
        load += load_of(each, at);
    }
    if (held_back_()) {
        decides_->start_over();
        return;
    }
    const unsigned present = of_.wanted();
    if (const unsigned wanted = decides_->look(at, present, load); wanted != present)
        act(present, wanted);
}

void scaler::act(unsigned present, unsigned wanted)
{
    // Who is asked to leave has a time to finish: nobody leaves who has work, however long it is.
    if (wanted < present && !last_is_idle(of_.tenants()))
        return;
    const auto done = of_.scale(wanted);
    decides_->start_over();
    if (done)
        log::info("scaling: {} workers instead of {}", wanted, present);
    else
        log::warn("scaling: {} workers instead of {}: {}; trying again", wanted, present,
                  done.error().text());
}

/// Its event loop, or its lanes: what is busier. Of another program all its threads.
double scaler::load_of(const tenant_view& who, steady_time at)
{
    const bool ours = who.row && who.row->lanes != 0;
    const auto used = process::processor_time(who.pid, ours ? process::whose_time::first
                                                            : process::whose_time::all);
    if (!used)
        return 0;
    meter& its = meters_[who.id];
    const bool known = its.at != steady_time{};
    const double loop = known ? share(*used - its.used, at - its.at) : 0;
    its = {.at = at, .used = *used};
    if (!ours)
        return loop;
    const double lanes = static_cast<double>(who.row->lanes_busy) / who.row->lanes;
    return std::max(loop, std::min(lanes, 1.0));
}

}  // namespace cohort::primary
