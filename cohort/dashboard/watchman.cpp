#include <cohort/dashboard/watchman.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/offload.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/base/version.hpp>
#include <cohort/board/answers.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/control/fields.hpp>
#include <cohort/dashboard/scene.hpp>
#include <cohort/observe/log.hpp>

#include <boost/json/serialize.hpp>

#include <utility>

namespace cohort::dashboard {

using namespace std::chrono_literals;

namespace {

namespace json = boost::json;
using control::number_at;

constexpr nanoseconds pace = 1s;
constexpr nanoseconds fresh_for = 2s;
constexpr nanoseconds patience = 5s;
constexpr milliseconds answers_within = 3s;

std::vector<pid_t> pids_in(const json::object& survey)
{
    std::vector<pid_t> all;
    control::each_object(survey, "slots", [&all](const json::object& slot) {
        if (const auto pid = number_at(slot, "pid"))
            all.push_back(static_cast<pid_t>(*pid));
    });
    return all;
}

fault refusal(const control::answer& said)
{
    return fault(make_error_code(errc::answer_failed), "ask the primary", said.reason);
}

awaitable<result<control::answer>> ask(const inquiry& primary, const char* verb,
                                       json::object arguments, inquiry::hear_progress hear)
{
    control::request what{verb};
    what.budget = answers_within;
    what.arguments = std::move(arguments);
    auto asking = primary.ask(std::move(what), std::move(hear));
    auto said = co_await std::move(asking);
    if (said && said->code != control::exit_code::done)
        co_return std::unexpected(refusal(*said));
    co_return said;
}

awaitable<result<>> change(wakeup& of)
{
    co_await of.wait();
    co_return result<>{};
}

}  // namespace

watchman::watchman(const parts& with)
    : with_{with}, wanted_{with.executor}, looked_{with.executor}
{
    if (auto reader = observe::metric_reader::of(with_.board.commons()))
        metric_reader_.emplace(*std::move(reader));
    if (const auto book = board::error_book::open(with_.board.commons()))
        error_book_ = *book;
}

void watchman::want() noexcept
{
    wanted_at_ = now();
    wanted_.notify_all();
}

bool watchman::is_wanted() const noexcept
{
    return wanted_at_ != steady_time{} && now() - wanted_at_ < rests_after;
}

awaitable<> watchman::run()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    steady_time next = now();
    bool complained = false;
    while (!stopped(stop)) {
        if (!is_wanted()) {
            co_await wanted_.wait();
            next = now();
            continue;
        }
        auto work = gather();
        auto done = co_await std::move(work);
        if (stopped(stop))
            break;
        if (!done && !std::exchange(complained, true))
            log::warn("the dashboard sees nothing: {}; trying again", done.error().text());
        if (done)
            complained = false;
        trouble_ = done ? std::nullopt : std::optional{std::move(done).error()};
        ++looks_;
        looked_.notify_all();
        next = std::max(next + pace, now());
        co_await sleep_for(next - now());
    }
}

awaitable<result<watchman::sight_ptr>> watchman::look()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    want();
    const steady_time until = now() + patience;
    const std::uint64_t before = looks_;
    while (!last_ || now() - last_->when > fresh_for) {
        if (looks_ != before && trouble_)
            co_return std::unexpected(*trouble_);
        if (stopped(stop) || now() >= until)
            co_return failed(errc::deadline_passed, "look at the cohort");
        auto waiting = change(looked_);
        static_cast<void>(co_await with_deadline(std::move(waiting), until - now()));
    }
    co_return last_;
}

awaitable<watchman::sight_ptr> watchman::after(std::uint64_t seen)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!last_ || last_->number <= seen) {
        if (closed_ || stopped(stop))
            co_return nullptr;
        want();
        // Deadline: none, somebody listens for as long as the connection is open. Now and then it
        // says again that it is there.
        auto waiting = change(looked_);
        static_cast<void>(co_await with_deadline(std::move(waiting), patience));
    }
    want();
    co_return last_;
}

void watchman::close()
{
    closed_ = true;
    looked_.notify_all();
}

/// What happened since the last time. Of ends all is asked again: few end.
awaitable<result<>> watchman::recall()
{
    json::object from;
    if (next_event_ == 0)
        from["last"] = recollection::events_max;
    else
        from["from"] = next_event_;
    inquiry::hear_progress hear = [this](const control::progress& event) {
        if (past_.take(event.data))
            ends_known_ = false;
    };
    auto asking = ask(with_.primary, "events", std::move(from), std::move(hear));
    COHORT_CO_TRY(const auto events, co_await std::move(asking));
    next_event_ = static_cast<std::uint64_t>(number_at(events.data, "next").value_or(0));
    if (std::exchange(ends_known_, true))
        co_return result<>{};
    auto about = ask(with_.primary, "why", {}, {});
    const auto ends = co_await std::move(about);
    // Their stacks may be more than fits into an answer: that is no reason to see nothing else.
    if (ends)
        past_.take_ends(ends->data);
    else
        log::warn("the dashboard does not know how workers ended: {}; going on without",
                  ends.error().text());
    co_return result<>{};
}

void watchman::count(const json::object& survey, steady_time when)
{
    errors_.clear();
    count_reading seen{.when = when};
    seen.ready = static_cast<unsigned>(number_at(survey, "serving").value_or(0));
    control::each_object(survey, "slots", [&](const json::object& slot) {
        const auto number = number_at(slot, "slot").value_or(-1);
        const auto worker = number_at(slot, "worker");
        if (!worker || number < 0 || number >= with_.board.slots())
            return;
        const auto at = static_cast<std::uint32_t>(number);
        slot_count one;
        one.worker = static_cast<std::uint64_t>(*worker);
        one.requests = static_cast<std::uint64_t>(number_at(slot, "requests").value_or(0));
        one.answers = board::read(with_.board.answers(at));
        const auto cost = costs_.find(static_cast<pid_t>(number_at(slot, "pid").value_or(0)));
        if (cost != costs_.end())
            one.processor_time = cost->second.processor_time;
        seen.slots.emplace(at, one);
        if (auto said = error_book_ ? error_book_->read(at, static_cast<std::uint32_t>(*worker))
                                    : std::nullopt)
            errors_.emplace(at, *std::move(said));
    });
    rates_.take(std::move(seen));
}

/// What one of them costs is not known is no reason to see nothing of the others.
awaitable<> watchman::open_windows(const std::vector<pid_t>& to)
{
    for (const pid_t each : to) {
        if (!cost_reader_.lacks_window(each))
            continue;
        control::wish what{.what = control::goods::process};
        what.pid = static_cast<std::uint32_t>(each);
        auto asking = with_.primary.fetch_all(what);
        auto got = co_await std::move(asking);
        if (!got)
            continue;
        cost_reader::window seen;
        seen.memory = std::move(got->front());
        if (got->size() > 1)
            seen.folder = std::move(got->back());
        cost_reader_.look_through(each, std::move(seen));
    }
}

/// On a lane: the kernel walks through page tables, and metrics may be many.
void watchman::look_at_processes(const std::vector<pid_t>& pids, steady_time when)
{
    costs_ = cost_reader_.read(pids, when);
    throttled_s_ = throttled_seconds();
    if (metric_reader_)
        numbers_.take(metric_reader_->read(), when);
}

/// Errors: errc::queue_full, the lanes have too much to do (again later).
awaitable<result<>> watchman::measure(const std::vector<pid_t>& pids, steady_time when)
{
    auto looking = offload([this, &pids, when] { look_at_processes(pids, when); });
    try {
        co_await std::move(looking);
    } catch (const failure& refused) {
        co_return std::unexpected(refused.why());
    }
    co_return result<>{};
}

watchman::sight_ptr watchman::make_sight(const json::object& survey, steady_time when) const
{
    auto made = std::make_shared<sight>();
    made->number = last_ ? last_->number + 1 : 1;
    made->when = when;
    losses lost = numbers_.lost();
    if (with_.add_losses)
        with_.add_losses(lost);
    made->state = describe({.survey = survey,
                            .rates = rates_,
                            .past = past_,
                            .numbers = numbers_,
                            .costs = costs_,
                            .version = version(),
                            .age = age_,
                            .throttled_s = throttled_s_,
                            .shared_bytes = with_.board.commons().taken(),
                            .shared_room = board::commons::room,
                            .lost = lost,
                            .errors = errors_,
                            .now = wall_now(),
                            .when = now()});
    made->text = json::serialize(made->state);
    return made;
}

awaitable<result<>> watchman::gather()
{
    auto asking = ask(with_.primary, "ls", {}, {});
    COHORT_CO_TRY(const auto survey, co_await std::move(asking));
    auto remembering = recall();
    COHORT_CO_TRY(co_await std::move(remembering));
    const std::vector<pid_t> pids = pids_in(survey.data);
    const auto root = static_cast<pid_t>(number_at(survey.data, "root").value_or(0));
    auto opening = open_windows(pids);
    co_await std::move(opening);
    const steady_time when = now();
    auto measuring = measure(pids, when);
    COHORT_CO_TRY(co_await std::move(measuring));
    age_ = age_of(root);
    count(survey.data, when);
    last_ = make_sight(survey.data, when);
    co_return result<>{};
}

}  // namespace cohort::dashboard
