#include <cohort/primary/upgrading.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/base/version.hpp>
#include <cohort/control/server.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/failure_words.hpp>
#include <cohort/process/origin.hpp>
#include <cohort/process/root.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using board::held_number;
using board::ledger_upgrade;
using board::upgrade_stage;
using control::answer;
using control::exit_code;

namespace {

constexpr nanoseconds greetings_within = 10s;
constexpr int log_patience_ms = 100;

/// A trial that failed, for who asked.
answer refusal_of(const fault& why)
{
    if (why.why() == errc::deadline_passed)
        return {exit_code::timed_out, "the new program was not ready in time; nothing was changed"};
    const auto code = why.why() == errc::bad_value ? exit_code::invalid : exit_code::rolled_back;
    return {code, words_of(why) + "; nothing was changed"};
}

}  // namespace

/// Nobody else replaces workers; and the estate says that an upgrade is under way, for as long as
/// it is. A resource.
struct upgrading::turn {
    turn(reloading& among, const board::ledger& noted)
        : turns{among}, book{noted}
    {}
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn()
    {
        book.upgrade().commit({});
        turns.end_turn();
    }
    reloading& turns;
    const board::ledger& book;
};

bool upgrading::answers(std::string_view verb) const noexcept { return verb == "upgrade"; }

awaitable<answer> upgrading::handle(control::request what, control::asker& to)
{
    if (what.slot)
        co_return answer{exit_code::usage, "a primary is of the whole app: name it without a slot"};
    progress tell = [&to](std::string_view words) {
        to.tell(control::progress{std::string{words}});
    };
    const nanoseconds patience = what.budget == 0ms ? nanoseconds{24h} : what.budget;
    auto running = run(patience, std::move(tell), &to);
    auto said = co_await std::move(running);
    co_return said;
}

awaitable<answer> upgrading::run(nanoseconds patience, progress tell, control::asker* to)
{
    if (with_.from == nullptr)
        co_return answer{exit_code::refused,
                         "workers without keepers end with this primary; `cohort restart` takes "
                         "the new version in"};
    if (with_.from->book.upgrade().value().stage != upgrade_stage::none)
        co_return answer{exit_code::refused, "the last upgrade has just come to this primary"};
    const auto alone = co_await with_.turns.take_turn();
    if (!alone)
        co_return answer{exit_code::refused, words_of(alone.error())};
    const turn mine{with_.turns, with_.from->book};
    begin(to);
    tell("the new program is tried out");
    const nanoseconds longest =
        std::min<nanoseconds>(patience, with_.workers.current()->settings().ready.timeout);
    const auto next = co_await with_.turns.try_out(longest);
    if (!next)
        co_return refusal_of(next.error());
    tell(fmt::format("{} takes over (cohort {}, here {})", next->path, next->version, version()));
    // What the asker has not read by then would be torn by what the next primary says.
    if (to != nullptr)
        co_await to->heard();
    if (with_.workers.retiring())
        co_return answer{exit_code::refused, "the cohort is stopping"};
    if (std::string why = with_.workers.hindrance(); !why.empty())
        co_return answer{exit_code::refused, std::move(why)};
    co_return go(*next);
}

void upgrading::begin(const control::asker* to) const
{
    ledger_upgrade words;
    words.stage = upgrade_stage::begun;
    words.began_ns = now().time_since_epoch().count();
    static_cast<void>(words.from_version.set(version()));
    if (to != nullptr)
        words.asker = held_number::of(to->connection());
    with_.from->book.upgrade().commit(words);
}

/// Returns only if nothing came of it.
answer upgrading::go(const reloading::candidate& next)
{
    const auto failed_by = [](const fault& why) {
        return answer{exit_code::rolled_back, words_of(why) + "; this primary goes on"};
    };
    const auto before = process::open_own_binary();
    if (!before)
        return failed_by(before.error());
    if (const auto left = with_.workers.leave_behind(); !left)
        return failed_by(left.error());
    ledger_upgrade words = with_.from->book.upgrade().value();
    if (next.binary.valid())
        words.binary = held_number::of(next.binary.borrow());
    words.before = held_number::of(before->borrow());
    with_.from->book.upgrade().commit(words);
    log::info("upgrade: {} goes on in this one's place", next.path);
    log::flush_waiting(log_patience_ms);
    process::leave_for_renewal();
}

void upgrading::take_asker(std::vector<int>& left_open)
{
    const held_number asker = with_.from->book.upgrade().value().asker;
    const auto at = std::ranges::find(left_open, asker.number());
    if (!asker.any() || at == left_open.end())
        return;
    asker_.reset(*at);
    left_open.erase(at);
}

/// The estate says so until the verdict, which the first primary of the new program may not live to
/// give: whoever follows that one goes on where a primary died.
bool upgrading::arrived() const noexcept
{
    return with_.from != nullptr && !process::last_primary() &&
           with_.from->book.upgrade().value().stage == upgrade_stage::arrived;
}

awaitable<> upgrading::conclude()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    if (with_.from == nullptr)
        co_return;
    const auto words = with_.from->book.upgrade().value();
    if (words.stage == upgrade_stage::none)
        co_return;
    const steady_time until = now() + greetings_within;
    while (with_.workers.unheard() > 0 && now() < until && !stopped(stop)) {
        auto race = with_.workers.change() || sleep_for(until - now());
        co_await std::move(race);
    }
    if (stopped(stop))
        co_return;
    const answer said = verdict(words);
    if (said.code == exit_code::done)
        log::info("upgrade: {}", said.reason);
    else
        log::error("upgrade: {}", said.reason);
    with_.past.note(said.code == exit_code::done ? "upgraded" : "upgrade_failed", said.data);
    if (const unique_fd asker = std::move(asker_); asker.valid())
        control::answer_at(asker.borrow(), said);
    with_.from->book.upgrade().commit({});
}

answer upgrading::verdict(const ledger_upgrade& words) const
{
    const nanoseconds took = now() - steady_time{nanoseconds{words.began_ns}};
    const auto ms = std::chrono::duration_cast<milliseconds>(took).count();
    const auto workers = with_.workers.workers().size();
    const unsigned unheard = with_.workers.unheard();
    boost::json::object data{{"version", version()},
                             {"from", words.from_version.view()},
                             {"primary", ::getpid()},
                             {"workers", workers},
                             {"took_ms", ms}};
    if (words.stage != upgrade_stage::arrived) {
        const std::string_view why = words.stage == upgrade_stage::failed
                                         ? words.reason.view()
                                         : "the primary ended before the new program took over";
        return {exit_code::rolled_back, fmt::format("{}; the old program goes on", why),
                std::move(data)};
    }
    if (unheard > 0)
        return {exit_code::degraded,
                fmt::format("the new primary serves (cohort {}), but {} of {} workers have not "
                            "answered it yet",
                            version(), unheard, workers),
                std::move(data)};
    return {exit_code::done,
            fmt::format("cohort {} goes on with {} workers, after {} ms (before: {})", version(),
                        workers, ms, words.from_version.view()),
            std::move(data)};
}

void upgrading::upgrade_soon()
{
    if (by_signal_) {
        log::info("upgrade: one is under way already");
        return;
    }
    by_signal_ = true;
    with_.tasks.spawn(run_logged());
}

awaitable<> upgrading::run_logged()
{
    progress tell = [](std::string_view words) { log::info("upgrade: {}", words); };
    auto running = run(24h, std::move(tell), nullptr);
    const auto said = co_await std::move(running);
    by_signal_ = false;
    log::error("upgrade: {}", said.reason);
}

}  // namespace cohort::primary
