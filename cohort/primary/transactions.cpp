#include <cohort/primary/transactions.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/config/difference.hpp>
#include <cohort/control/server.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/failure_words.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/json/array.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using control::exit_code;
namespace json = boost::json;

namespace {

constexpr nanoseconds look_again = 100ms;  // whether what is under way has ended

exit_code code_of(const reload_report& how) noexcept
{
    if (how.refused)
        return exit_code::refused;
    if (how.invalid)
        return exit_code::invalid;
    switch (how.end) {
        case roll_end::replaced:
            return exit_code::done;
        case roll_end::unchanged:
        case roll_end::rolled_back:
            return exit_code::rolled_back;
        case roll_end::degraded:
        case roll_end::half_way:
            return exit_code::degraded;
    }
    return exit_code::degraded;
}

control::answer answer_of(const reload_report& how)
{
    const auto ms = std::chrono::duration_cast<milliseconds>(how.took).count();
    std::string words;
    if (how.end == roll_end::replaced)
        words = fmt::format("generation {} serves with {} workers, after {} ms{}", how.generation,
                            how.workers, ms,
                            how.answers_judged ? "; " + watch::words_for(*how.answers_judged) : "");
    else if (how.refused)
        words = how.reason;
    else
        words = fmt::format("{}; generation {} {} ({})", how.reason, how.generation,
                            how.workers == 0 ? "is what comes next" : "serves", name(how.end));
    json::object data{{"end", name(how.end)},
                      {"reason", how.reason},
                      {"generation", how.generation},
                      {"workers", how.workers},
                      {"took_ms", ms}};
    if (how.answers_judged)
        data["answers_judged"] = *how.answers_judged;
    return {code_of(how), std::move(words), std::move(data)};
}

}  // namespace

/// Shared: whoever asked may be gone before it ends.
struct transactions::transaction {
    bool back = false;
    control::asker* hears = nullptr;  // nobody any more
    std::optional<reload_report> report;
};

bool transactions::answers(std::string_view verb) const noexcept
{
    return verb == "reload" || verb == "rollback" || verb == "plan" || is_held_back(verb);
}

/// Who fills or empties seats while a reload does would undo its work, or have his own undone. What
/// a dead primary left is put right around him.
bool transactions::is_held_back(std::string_view verb) const noexcept
{
    return of_.busy() && !of_.mending() && (verb == "scale" || verb == "drain" || verb == "resume");
}

awaitable<control::answer> transactions::handle(control::request what, control::asker& to)
{
    if (is_held_back(what.verb))
        co_return control::answer{
            exit_code::refused,
            "a reload is under way, nothing was changed: ask again when it is over"};
    if (what.slot)
        co_return control::answer{exit_code::usage,
                                  "a generation is of the whole app: name it without a slot"};
    control::answer said;
    if (what.verb == "plan")
        said = co_await plan();
    else
        said = co_await replace(std::move(what), to);
    co_return said;
}

awaitable<> transactions::run(std::shared_ptr<transaction> which)
{
    reloading::progress tell = [which](std::string_view words) {
        if (which->hears != nullptr)
            which->hears->tell(control::progress{std::string{words}});
    };
    // One that is refused says nothing to the service manager: another one's word stands there.
    const bool begins = !of_.refuses();
    if (begins)
        notice_.reload_began(which->back ? "rolling back" : "reloading");
    reload_report how;
    if (which->back)
        how = co_await of_.roll_back(std::move(tell));
    else
        how = co_await of_.reload(std::move(tell));
    which->report.emplace(std::move(how));
    if (begins)
        tell_end(*which->report);
    ended_.notify_all();
}

awaitable<control::answer> transactions::replace(control::request what, control::asker& to)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const auto mine = std::make_shared<transaction>();
    mine->back = what.verb == "rollback";
    mine->hears = &to;
    if (tasks_.spawn(run(mine)) == nullptr)
        co_return control::answer{exit_code::refused, "the cohort is stopping"};
    const bool patient = what.budget == 0ms;
    const steady_time until = now() + what.budget;
    while (!mine->report && !stopped(stop)) {
        const nanoseconds left = patient ? nanoseconds{1h} : until - now();
        if (left <= 0ns)
            break;
        auto race = ended_.wait() || sleep_for(left);
        co_await std::move(race);
    }
    mine->hears = nullptr;
    if (!mine->report)
        co_return control::answer{exit_code::timed_out,
                                  "it goes on; how it ends is in the log, and in `cohort show`"};
    co_return answer_of(*mine->report);
}

void transactions::tell_end(const reload_report& how)
{
    notice_.reload_ended(how.end == roll_end::replaced
                             ? fmt::format("generation {} serves", how.generation)
                             : fmt::format("reload: {}: {}", name(how.end), how.reason));
    past_.note(how.end == roll_end::replaced ? "reloaded" : "reload_failed", answer_of(how).data);
}

void transactions::reload_soon()
{
    once_more_ = true;
    // Here, not when it runs: the next signal may come before that.
    if (!by_signal_)
        by_signal_ = tasks_.spawn(reload_logged()) != nullptr;
}

awaitable<> transactions::reload_logged()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (std::exchange(once_more_, false) && !stopped(stop)) {
        // Somebody else's, which has its own deadlines; or what a dead primary left is put right.
        while (of_.busy() && !stopped(stop)) {
            auto race = ended_.wait() || sleep_for(look_again);
            co_await std::move(race);
        }
        reloading::progress tell = [](std::string_view words) { log::info("reload: {}", words); };
        const bool begins = !of_.refuses();
        if (begins)
            notice_.reload_began("reloading");
        const reload_report how = co_await of_.reload(std::move(tell));
        if (begins)
            tell_end(how);
        ended_.notify_all();
        if (how.end == roll_end::replaced)
            log::info("reload: {}", answer_of(how).reason);
        else if (how.refused && of_.refuses())
            log::info("reload: {}; given up", how.reason);
        else
            log::error("reload: {}: {}; generation {} serves", name(how.end), how.reason,
                       how.generation);
    }
    by_signal_ = false;
}

awaitable<control::answer> transactions::plan()
{
    auto ahead = co_await of_.look_ahead();
    if (!ahead) {
        const bool invalid = ahead.error().why() == errc::bad_value;
        const fault& why = ahead.error();
        co_return control::answer{invalid ? exit_code::invalid : exit_code::refused, words_of(why)};
    }
    json::array changes;
    for (const config::change& each : ahead->changes)
        changes.push_back(json::object{{"key", each.key},
                                       {"from", each.before},
                                       {"to", each.after},
                                       {"effect", config::name_of(each.when)}});
    const auto outcome = ahead->outcome();
    std::string words;
    switch (outcome) {
        case config::outcome::nothing:
            words = "no setting changes; a reload replaces every worker by the program on disk";
            break;
        case config::outcome::live:
        case config::outcome::recycle:
            words = "a reload replaces every worker";
            break;
        case config::outcome::restart:
            words = "a reload would be refused: this takes a stop and a start";
            break;
    }
    json::array loose;
    for (const std::string& each : of_.not_held()) {
        words += fmt::format("{}{}", loose.empty() ? "; no rollback brings back " : ", ", each);
        loose.emplace_back(each);
    }
    json::object data{{"changes", std::move(changes)}, {"outcome", config::name_of(outcome)}};
    data["not_held"] = std::move(loose);
    co_return control::answer{exit_code::done, std::move(words), std::move(data)};
}

}  // namespace cohort::primary
