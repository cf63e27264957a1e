#include <cohort/primary/reloading.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/failure_words.hpp>
#include <cohort/primary/log_terms.hpp>
#include <cohort/primary/reload_trace.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds watch_period = 100ms;
/// For a recycling that is under way: it finishes with the worker that it is at.
constexpr nanoseconds recycling_takes = 2min;
/// On top of the time that a worker has to leave: aborting and killing take theirs.
constexpr nanoseconds leaving_slack = 10s;

bool is_on_its_way_out(const slot_view& seen) noexcept
{
    return seen.now == stage::draining || seen.now == stage::leaving ||
           seen.now == stage::withdrawing;
}

bool serves(const slot_view& seen) noexcept { return !seen.extra && seen.now == stage::serving; }

fault because(std::string words) { return usher::because(std::move(words)); }

}  // namespace

reloading::reloading(supervisor& of, reader read_settings)
    : of_{of}, seats_{of}, read_settings_{std::move(read_settings)}
{}

awaitable<reload_report> reloading::reload(progress tell)
{
    return run(source::disk, std::move(tell));
}

awaitable<reload_report> reloading::roll_back(progress tell)
{
    return run(source::previous, std::move(tell));
}

/// Why it cannot even begin, in words; empty: it can.
std::string reloading::hindrance(source from) const
{
    if (busy_)
        return "another reload is under way";
    if (of_.retiring())
        return "the cohort is stopping";
    if (from == source::disk)
        return {};
    if (!of_.previous())
        return "there is no generation before this one";
    const std::string lost = of_.previous()->is_lost();
    return lost.empty() ? lost : lost + "; nothing was changed: put it back and reload";
}

awaitable<reload_report> reloading::run(source from, progress tell)
{
    reload_report report;
    report.generation = of_.current()->number();
    report.reason = hindrance(from);
    if (!report.reason.empty()) {
        report.refused = true;
        co_return report;
    }
    const steady_time began = now();
    const auto turn = co_await take_turn();
    if (!turn) {
        report.refused = true;
        report.reason = turn.error().subject();
        co_return report;
    }
    from_ = from;
    tell_ = std::move(tell);
    next_ = nullptr;
    extras_.clear();
    replaced_.clear();
    invalid_ = false;

    const config::worker_count number = of_.current()->settings().workers;
    const config::reload& how = of_.current()->settings().reload;
    rolling::plan plan;
    plan.slots = of_.filled_slots();
    plan.extras = std::max(1U, how.canary);
    plan.soaks = from == source::disk && how.canary > 0 && how.soak > 0ms;
    plan.puts_back = how.rollback;
    const bool watches = plan.soaks;
    rolling roll{std::move(plan)};
    begin_watch();
    reload_trace trace{from == source::disk ? literal{"reload"} : literal{"rollback"},
                       report.generation};
    while (roll.now().what != errand::finish) {
        const roll_order order = roll.now();
        if (order.what == errand::commit && watches)
            report.answers_judged = conduct_of(whose::fresh).answers.total();
        observe::span step = trace.step(order);
        awaitable<result<>> errand_run = carry_out(order);
        const auto done = co_await std::move(errand_run);
        if (!done)
            step.fail(words_of(done.error()));
        step.end();
        if (!done && of_.retiring()) {
            report.refused = true;  // whatever it was at: an ordinary stop is no failure of it
            report.reason = "the cohort is stopping";
        } else if (!done) {
            const std::string words = words_of(done.error());
            log::warn("reload: {}", words);
            tell_(words);
            if (report.reason.empty() && order.what != errand::remove_extra)
                report.reason = words;
        }
        roll.done(done ? rolling::outcome::well : rolling::outcome::badly);
    }
    report.end = roll.now().end;
    awaitable<> rest = conclude(report, number);
    co_await std::move(rest);
    report.invalid = invalid_;
    report.generation = of_.current()->number();
    report.workers = static_cast<std::uint32_t>(of_.filled_slots().size());
    report.took = now() - began;
    trace.ended(report.end, report.generation, report.reason);
    next_ = nullptr;
    end_turn();
    co_return report;
}

awaitable<result<>> reloading::take_turn()
{
    if (busy_)
        co_return failed(errc::queue_full, "replace workers",
                         "another reload or upgrade is under way");
    if (of_.retiring())
        co_return failed(errc::stopping, "replace workers", "the cohort is stopping");
    busy_ = true;
    const auto alone = co_await until_alone();
    if (alone)
        co_return result<>{};
    end_turn();
    co_return failed(errc::stopping, "replace workers",
                     of_.retiring() ? "the cohort is stopping"
                                    : "a worker that leaves does not come to an end");
}

/// What is not a matter of slots. `report` is the caller's, who awaits this.
awaitable<> reloading::conclude(reload_report& report, config::worker_count before)
{
    if (report.end == roll_end::rolled_back && !replaced_.empty()) {
        if (const auto lost = of_.current()->is_lost(); !lost.empty()) {
            report.end = roll_end::degraded;
            report.reason += "; " + lost;
        }
    }
    if (report.end != roll_end::replaced)
        co_return;
    report.refused = false;  // it was done before somebody stopped the cohort
    const auto fits = co_await fit_number(before);
    if (fits) {
        of_.close_forsaken();
        if (of_.retiring() || std::ranges::any_of(of_.view(), serves))
            co_return;
        report.end = roll_end::degraded;
        report.reason = "nobody serves: every slot is drained or given up (`cohort resume`)";
        log::warn("reload: {}", report.reason);
        co_return;
    }
    report.end = roll_end::degraded;
    report.reason = "all workers are new, but not as many as are wanted: " + fits.error().text();
}

awaitable<result<>> reloading::carry_out(roll_order what)
{
    // Every branch is a statement of its own: GCC 12 and co_await in conditional expressions.
    switch (what.what) {
        case errand::prepare: {
            auto done = co_await prepare();
            co_return done;
        }
        case errand::add_extra: {
            auto done = co_await add_extra();
            co_return done;
        }
        case errand::soak: {
            auto done = co_await soak();
            co_return done;
        }
        case errand::replace: {
            // It left on purpose meanwhile, and nobody shall follow it.
            if (const seat_view seen = of_.look_at(what.slot); seen.vacant && seen.stopped)
                co_return result<>{};
            replaced_.push_back(what.slot);
            auto done = co_await replace(what.slot, next_);
            if (done)
                tell_(fmt::format("slot {} is of generation {}", what.slot, next_->number()));
            co_return done;
        }
        case errand::put_back: {
            auto done = co_await replace(what.slot, of_.current());
            if (done)
                tell_(fmt::format("slot {} is of generation {} again", what.slot,
                                  of_.current()->number()));
            co_return done;
        }
        case errand::commit:
            commit();
            co_return result<>{};
        case errand::remove_extra: {
            auto done = co_await remove_extra();
            co_return done;
        }
        case errand::finish:
            break;
    }
    co_return result<>{};
}

awaitable<result<>> reloading::add_extra()
{
    std::optional<std::uint32_t> slot;
    auto ready = co_await seats_.seat_extra(next_, slot);
    // The automaton counts it in any case: it is taken away again like one that came to life.
    extras_.push_back(slot.value_or(UINT32_MAX));
    if (ready)
        tell_(fmt::format("slot {} serves as the first of generation {}", *slot, next_->number()));
    else if (!slot)
        ready = std::unexpected(
            because("no worker of the new generation: " + std::string{ready.error().subject()}));
    co_return ready;
}

awaitable<result<>> reloading::remove_extra()
{
    const std::uint32_t slot = extras_.back();
    extras_.pop_back();
    if (slot == UINT32_MAX)
        co_return result<>{};
    auto gone = co_await seats_.see_out(slot);
    co_return gone;
}

awaitable<result<>> reloading::soak()
{
    const nanoseconds length = of_.current()->settings().reload.soak;
    tell_(fmt::format("watching it for {} ms",
                      std::chrono::duration_cast<milliseconds>(length).count()));
    const steady_time until = now() + length;
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (now() < until && !stopped(stop)) {
        if (const auto fine = judge(); !fine)
            co_return fine;
        if (of_.retiring())
            co_return failed(errc::stopping, "watch the new generation", "the cohort is stopping");
        co_await sleep_for(std::min<nanoseconds>(watch_period, until - now()));
    }
    tell_(watch::words_for(conduct_of(whose::fresh).answers.total()));
    co_return judge();
}

awaitable<result<>> reloading::replace(std::uint32_t slot, generation_ptr by)
{
    auto gone = co_await seats_.see_out(slot);
    if (!gone)
        co_return gone;
    auto seated = co_await seat_at(slot, by);
    co_return seated;
}

awaitable<result<>> reloading::seat_at(std::uint32_t slot, generation_ptr by)
{
    auto ready = co_await seats_.seat(slot, by);
    if (ready && by == next_)
        ready = judge();
    co_return ready;
}

/// Two who empty seats at a time would take each other's extras for workers; and who leaves for
/// good shall not be replaced.
awaitable<result<>> reloading::until_alone()
{
    usher::question look = [this]() -> std::optional<result<>> {
        if (of_.extras() == 0 && !std::ranges::any_of(of_.view(), is_on_its_way_out))
            return result<>{};
        return std::nullopt;
    };
    const nanoseconds leaving = of_.current()->settings().stop.timeout + leaving_slack;
    auto alone = co_await seats_.until(std::move(look), std::max(recycling_takes, leaving));
    co_return alone;
}

result<> reloading::judge() const
{
    const watch judgement{of_.current()->settings().reload.abort_if};
    std::vector<std::uint32_t> all = extras_;
    all.insert(all.end(), replaced_.begin(), replaced_.end());
    for (const std::uint32_t slot : all) {
        const seat_view seen = of_.look_at(slot);
        if (judgement.minds_crashes() && seen.generation == next_->number() && seen.misfortunes > 0)
            return std::unexpected(because(fmt::format(
                "a worker of the new generation ended: {} (slot {})", seen.last_misfortune, slot)));
    }
    if (auto broken = judgement.verdict(conduct_of(whose::fresh), conduct_of(whose::old)))
        return std::unexpected(because("the new generation does worse: " + *std::move(broken)));
    return {};
}

void reloading::begin_watch()
{
    before_.clear();
    for (const std::uint32_t slot : of_.filled_slots())
        before_.emplace(slot, of_.answers_of(slot));
}

conduct reloading::conduct_of(whose which) const
{
    conduct all;
    for (const std::uint32_t slot : of_.filled_slots()) {
        const bool fresh = of_.look_at(slot).generation == next_->number();
        if (fresh != (which == whose::fresh))
            continue;
        const auto since = before_.find(slot);
        // Whoever came into a slot since then began to count anew.
        const board::answer_counts seen = of_.answers_of(slot);
        all.answers += since == before_.end() || fresh ? seen : seen.since(since->second);
        all.memory_bytes = std::max(all.memory_bytes, of_.memory_of(slot));
    }
    return all;
}

void reloading::commit()
{
    const config::worker_count before = of_.current()->settings().workers;
    of_.become_current(next_, wanted_after(before));
    log_by(next_->settings().log);
    log::info("generation {} serves", next_->number());
}

}  // namespace cohort::primary
