#include <cohort/primary/reloading.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/observe/log.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

namespace {

/// On top of the time that a worker has to leave: aborting and killing take theirs.
constexpr nanoseconds leaving_slack = 10s;
constexpr nanoseconds watch_period = 100ms;
constexpr nanoseconds look_again = 20ms;  // at what changes without a sound

fault because(std::string words)
{
    return {make_error_code(errc::answer_failed), "reload", std::move(words)};
}

}  // namespace

reloading::reloading(supervisor& of, reader read_settings)
    : of_{of}, read_settings_{std::move(read_settings)}
{}

awaitable<reload_report> reloading::reload(progress tell)
{
    return run(source::disk, std::move(tell));
}

awaitable<reload_report> reloading::roll_back(progress tell)
{
    return run(source::previous, std::move(tell));
}

awaitable<reload_report> reloading::run(source from, progress tell)
{
    reload_report report;
    report.generation = of_.current()->number();
    if (busy_ || of_.retiring()) {
        report.refused = true;
        report.reason = busy_ ? "another reload is under way" : "the cohort is stopping";
        co_return report;
    }
    if (from == source::previous && !of_.previous()) {
        report.refused = true;
        report.reason = "there is no generation before this one";
        co_return report;
    }
    busy_ = true;
    const steady_time began = now();
    from_ = from;
    tell_ = std::move(tell);
    next_ = nullptr;
    extras_.clear();
    replaced_.clear();
    invalid_ = false;

    const config::reload& how = of_.current()->settings().reload;
    rolling::plan plan;
    plan.slots = of_.filled_slots();
    plan.extras = std::max(1U, how.canary);
    plan.soaks = from == source::disk && how.canary > 0 && how.soak > 0ms;
    plan.puts_back = how.rollback;
    rolling roll{std::move(plan)};
    begin_watch();
    while (roll.now().what != errand::finish) {
        const roll_order order = roll.now();
        awaitable<result<>> errand_run = carry_out(order);
        const auto done = co_await std::move(errand_run);
        if (!done) {
            const std::string words =
                done.error().subject().empty() ? done.error().text() : done.error().subject();
            log::warn("reload: {}", words);
            tell_(words);
            if (report.reason.empty() && order.what != errand::remove_extra)
                report.reason = words;
        }
        roll.done(done ? rolling::outcome::well : rolling::outcome::badly);
    }
    report.end = roll.now().end;
    report.invalid = invalid_;
    report.generation = of_.current()->number();
    report.workers = static_cast<std::uint32_t>(of_.filled_slots().size());
    report.took = now() - began;
    next_ = nullptr;
    busy_ = false;
    co_return report;
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
    const auto slot = of_.seat_extra(next_);
    if (!slot) {
        // The automaton counts it: it is taken away again like one that came to life.
        extras_.push_back(UINT32_MAX);
        co_return std::unexpected(
            because(fmt::format("no worker of the new generation: {}", slot.error().text())));
    }
    extras_.push_back(*slot);
    auto ready = co_await until_ready(*slot, next_);
    if (ready)
        tell_(fmt::format("slot {} serves as the first of generation {}", *slot, next_->number()));
    co_return ready;
}

awaitable<result<>> reloading::remove_extra()
{
    const std::uint32_t slot = extras_.back();
    extras_.pop_back();
    if (slot == UINT32_MAX)
        co_return result<>{};
    of_.empty_seat(slot);
    auto gone = co_await until_free(slot);
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
        co_await sleep_for(std::min<nanoseconds>(watch_period, until - now()));
    }
    co_return judge();
}

awaitable<result<>> reloading::replace(std::uint32_t slot, generation_ptr by)
{
    of_.empty_seat(slot);
    auto gone = co_await until_free(slot);
    if (!gone)
        co_return gone;
    auto seated = co_await seat_at(slot, by);
    co_return seated;
}

awaitable<result<>> reloading::seat_at(std::uint32_t slot, generation_ptr by)
{
    if (const auto seated = of_.seat_again(slot, by); !seated)
        co_return std::unexpected(
            because(fmt::format("slot {} got no worker: {}", slot, seated.error().text())));
    auto ready = co_await until_ready(slot, by);
    if (ready && by == next_)
        ready = judge();
    co_return ready;
}

awaitable<result<>> reloading::until(std::function<std::optional<result<>>()> settled,
                                     nanoseconds budget)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const steady_time end = now() + budget;
    while (!stopped(stop)) {
        if (const auto answer = settled())
            co_return *answer;
        if (of_.retiring())
            co_return std::unexpected(because("the cohort is stopping"));
        const nanoseconds left = end - now();
        if (left <= 0ns)
            co_return failed(errc::deadline_passed, "reload");
        auto race = of_.change() || sleep_for(std::min(look_again, left));
        co_await std::move(race);
    }
    co_return failed(errc::cancelled, "reload");
}

awaitable<result<>> reloading::until_ready(std::uint32_t slot, generation_ptr of)
{
    const nanoseconds budget = of->settings().ready.timeout;
    auto settled = [this, slot]() -> std::optional<result<>> {
        const seat_view seen = of_.look_at(slot);
        if (seen.misfortunes > 0)
            return std::unexpected(because(fmt::format(
                "the worker of slot {} failed at its start: {}", slot, seen.last_misfortune)));
        if (seen.ready)
            return result<>{};
        return std::nullopt;
    };
    std::function<std::optional<result<>>()> look = settled;
    auto done = co_await until(std::move(look), budget);
    if (!done && done.error().why() == errc::deadline_passed)
        co_return std::unexpected(
            because(fmt::format("the worker of slot {} was not ready within {} ms", slot,
                                std::chrono::duration_cast<milliseconds>(budget).count())));
    co_return done;
}

awaitable<result<>> reloading::until_free(std::uint32_t slot)
{
    std::function<std::optional<result<>>()> look = [this, slot]() -> std::optional<result<>> {
        if (of_.look_at(slot).free)
            return result<>{};
        return std::nullopt;
    };
    const nanoseconds budget = of_.current()->settings().stop.timeout + leaving_slack;
    auto done = co_await until(std::move(look), budget);
    if (!done && done.error().why() == errc::deadline_passed)
        co_return std::unexpected(
            because(fmt::format("the worker of slot {} does not leave", slot)));
    co_return done;
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
    of_.become_current(next_);
    log::info("generation {} serves", next_->number());
}

}  // namespace cohort::primary
