#include <cohort/primary/recycler.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/process/memory_share.hpp>

#include <algorithm>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds look_period = 1s;
/// Between two walks through one worker's page tables: a millisecond for each GiB.
constexpr nanoseconds measure_period = 5s;
/// Aborting and killing take theirs.
constexpr nanoseconds ending_takes = 10s;

}  // namespace

recycler::recycler(asio::any_io_executor executor, supervisor& of, std::function<bool()> held_back)
    : of_{of}, seats_{of}, held_back_{std::move(held_back)}, tasks_{executor}
{}

awaitable<> recycler::run()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop)) {
        // Nothing to look for: until something changed, a reload's new settings for one.
        if (const auto pause = period())
            co_await sleep_for(*pause);
        else
            co_await of_.change();
        if (!stopped(stop) && !of_.retiring())
            look();
    }
}

awaitable<> recycler::close()
{
    tasks_.stop();
    co_await tasks_.join();
}

std::optional<nanoseconds> recycler::period() const
{
    if (queue_.waiting() != 0)
        return look_period;
    std::optional<nanoseconds> soonest;
    for (const tenant_view& each : of_.tenants()) {
        const config::settings& its = each.of->settings();
        if (!its.recycle.memory_bytes.on() && !its.recycle.requests.on() && !its.recycle.age.on())
            continue;
        soonest = look_period;
    }
    return soonest;
}

void recycler::look()
{
    std::vector<std::uint32_t> living;
    const steady_time at = now();
    bool measured = false;
    for (const tenant_view& each : of_.tenants()) {
        living.push_back(each.id);
        if (each.kept_up && !each.extra)
            judge(each, at, measured);
    }
    std::ranges::sort(living);
    queue_.keep_only(living);
    std::erase_if(
        files_, [&](const auto& each) { return !std::ranges::binary_search(living, each.first); });
    begin_if_due();
}

void recycler::judge(const tenant_view& who, steady_time at, bool& measured)
{
    const auto [known, fresh] = files_.try_emplace(who.id);
    if (fresh)
        known->second.may = allowance::draw(who.of->settings().recycle, dice_);
    auto found = worn(known->second.may, wear_of(who, known->second, at, measured));
    if (!found)
        return;
    found->worker = who.id;
    found->slot = who.slot;
    ask(*std::move(found));
}

/// Its share is measured only if all that it has in memory would be too much, and for one worker
/// in each look.
wear recycler::wear_of(const tenant_view& who, file& of, steady_time at, bool& measured)
{
    wear has;
    has.age = at - who.born;
    if (who.row)
        has.requests = who.row->requests_total;
    if (of.may.memory_bytes != 0 && !measured && at - of.share_seen >= measure_period &&
        process::memory_resident(who.pid).value_or(0) >= of.may.memory_bytes)
    {
        measured = true;
        of.share_seen = at;
        has.memory_bytes = process::memory_share(who.pid).value_or(0);
    }
    return has;
}

void recycler::ask(candidate who)
{
    if (queue_.add(std::move(who)))
        begin_if_due();
}

result<> recycler::ask(std::uint32_t slot)
{
    for (const tenant_view& each : of_.tenants()) {
        if (each.slot != slot)
            continue;
        candidate who;
        who.worker = each.id;
        who.slot = slot;
        who.words = "an operator asked for it";
        ask(std::move(who));
        return {};
    }
    return failed(errc::no_such_worker, "recycle the worker of slot", std::to_string(slot));
}

void recycler::begin_if_due()
{
    const unsigned at_once = of_.current()->settings().health.at_once;
    if (held_back_() || of_.retiring() || now() < not_before_)
        return;
    const auto due =
        static_cast<unsigned>(std::min<std::size_t>(queue_.waiting() + queue_.out(), at_once));
    for (; crews_ < due; ++crews_)
        tasks_.spawn(work());
}

/// One extra worker serves in place of all that this crew replaces, one after the other.
awaitable<> recycler::work()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    std::optional<std::uint32_t> extra;
    const bool served = co_await seat_extra(extra);
    while (!stopped(stop) && !held_back_() && !of_.retiring()) {
        auto next = queue_.next(of_.current()->settings().health.at_once);
        if (!next)
            break;
        const std::uint32_t id = next->worker;
        // Without an extra only those go who are ill: they serve nobody, or not well.
        if (!served && !is_illness(next->why)) {
            queue_.done(id);
            queue_.add(*std::move(next));
            break;
        }
        awaitable<> deed = make_way(*std::move(next));
        co_await std::move(deed);
        queue_.done(id);
    }
    if (extra && !stopped(stop) && !of_.retiring()) {
        if (served)
            log::info("recycling: slot {} is needed no more", *extra);
        const auto gone = co_await seats_.see_out(*extra);
        if (!gone)
            log::warn("recycling: {}; going on", gone.error().text());
    }
    --crews_;
    of_.wake();
    if (!stopped(stop))
        begin_if_due();
}

awaitable<bool> recycler::seat_extra(std::optional<std::uint32_t>& extra)
{
    const auto seated = co_await seats_.seat_extra(of_.current(), extra);
    if (seated) {
        log::info("recycling: slot {} serves besides, for who will make way", *extra);
        pauses_.reset();
        co_return true;
    }
    if (of_.retiring())
        co_return false;
    const nanoseconds pause = pauses_.next();
    not_before_ = now() + pause;
    log::warn("recycling: no worker in place of those that should go: {}; they stay, trying again "
              "in {} s",
              seated.error().subject(), std::chrono::duration_cast<seconds>(pause).count());
    co_return false;
}

awaitable<> recycler::make_way(candidate who)
{
    const auto serves = [&](const tenant_view& each) { return each.id == who.worker; };
    if (!std::ranges::any_of(of_.tenants(), serves))
        co_return;  // it left by itself
    if (is_illness(who.why)) {
        awaitable<> deed = cure(std::move(who));
        co_await std::move(deed);
    } else {
        awaitable<> deed = renew(std::move(who));
        co_await std::move(deed);
    }
}

awaitable<> recycler::renew(candidate who)
{
    log::info("recycling: worker {} of slot {} makes way: {}", who.worker, who.slot, who.words);
    const auto gone = co_await seats_.see_out(who.slot);
    if (!gone) {
        log::warn("recycling: {}; going on", gone.error().text());
        co_return;
    }
    // Somebody may have wanted fewer workers meanwhile, or have filled the seat.
    if (of_.seats_taken() >= of_.wanted() || !of_.look_at(who.slot).free)
        co_return;
    if (const auto seated = of_.seat_again(who.slot, of_.current()); !seated) {
        log::error("recycling: slot {} got no worker: {}", who.slot, seated.error().text());
        co_return;
    }
    awaitable<> wait = until_settled(who.slot, who.worker);
    co_await std::move(wait);
}

awaitable<> recycler::cure(candidate who)
{
    log::error("recycling: worker {} of slot {} is ended: {}", who.worker, who.slot, who.words);
    if (!of_.end_ill(who.slot, who.worker, {death_cause::unhealthy, who.words}))
        co_return;
    awaitable<> wait = until_settled(who.slot, who.worker);
    co_await std::move(wait);
}

/// The extra serves for as long as the slot has nobody: there is no other end than a worker, or
/// that the slot is given up, or that somebody else wants to change seats.
awaitable<> recycler::until_settled(std::uint32_t slot, std::uint32_t before)
{
    const nanoseconds longest = of_.current()->settings().ready.timeout + ending_takes;
    usher::question look = [this, slot, before]() -> std::optional<result<>> {
        const seat_view seen = of_.look_at(slot);
        if (seen.parked || held_back_())
            return result<>{};
        const auto tenants = of_.tenants();
        const auto follows = [&](const tenant_view& each) {
            return each.slot == slot && each.id != before;
        };
        if (seen.ready && std::ranges::any_of(tenants, follows))
            return result<>{};
        return std::nullopt;
    };
    const auto settled = co_await seats_.until(std::move(look), longest);
    if (settled && of_.look_at(slot).ready)
        log::info("recycling: slot {} serves again", slot);
    else if (!of_.retiring())
        log::warn("recycling: slot {} has no worker that serves; going on", slot);
}

}  // namespace cohort::primary
