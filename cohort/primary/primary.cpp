#include <cohort/primary/primary.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/desk.hpp>
#include <cohort/primary/file_watch.hpp>
#include <cohort/primary/log_terms.hpp>
#include <cohort/primary/trial.hpp>
#include <cohort/process/cpu_quota.hpp>
#include <cohort/process/exit_reason.hpp>
#include <cohort/process/root.hpp>
#include <cohort/process/signals.hpp>
#include <cohort/process/ward.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <string>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds start_again = 1s;

}  // namespace

primary::primary(const config::settings& settings, upkeep who, audience& to)
    : settings_{settings}, upkeep_{who}, audience_{to}
{}

primary::~primary() = default;

void primary::inherit(const estate& from, std::optional<std::vector<int>> left_open)
{
    estate_ = &from;
    left_open_ = std::move(left_open);
}

const config::settings& primary::terms() const noexcept
{
    return supervisor_ ? supervisor_->current()->settings() : settings_;
}

outcome primary::run(act begin)
{
    if (outcome_ == outcome::failed)
        return outcome_;  // a hook threw while the program was being set up
    if (const auto opened = open(); !opened) {
        log::fatal("{}", opened.error().text());
        return outcome::refused;
    }
    auto life = live(std::move(begin));
    asio::co_spawn(loop_, std::move(life), [this](std::exception_ptr thrown) {
        loop_.stop();
        if (thrown)
            std::rethrow_exception(thrown);
    });
    for (;;) {
        try {
            loop_.run();
            break;
        } catch (const std::exception& thrown) {
            fail(thrown.what());
        }
    }
    foyer_.reset();
    pantry_.reset();
    archive_.reset();
    logs_.reset();
    levels_.reset();
    upgrading_.reset();
    transactions_.reset();
    mending_.reset();
    scaler_.reset();
    metrics_.reset();
    checkup_.reset();
    recycler_.reset();
    reloading_.reset();
    at_home_.reset();
    supervisor_.reset();
    log::flush_waiting(100);
    return outcome_;
}

unsigned primary::workers_wanted() const
{
    const auto quota = process::read_cpu_quota();
    const config::worker_count& number = terms().workers;
    const unsigned wanted = number.resolve(quota.workers(board::slots_max));
    if (number.is_automatic())
        log::info("{}", quota.text(board::slots_max));
    for (const std::string& odd : quota.oddities)
        log::warn("{}; it does not limit us", odd);
    return wanted;
}

awaitable<> primary::live(act begin)
{
    tasks_.spawn(hear_signals());
    tasks_.spawn(tell_service_manager());
    tasks_.spawn(notice_->keep_alive());
    tasks_.spawn(logs_->run());
    tasks_.spawn(levels_->run());
    tasks_.spawn(foyer_->run());
    if (metrics_)
        tasks_.spawn(metrics_->run());
    co_await asio::post(loop_, asio::use_awaitable);  // a signal from now on finds its hearer
    tasks_.spawn(reloading_->keep_mold());
    if (left_open_) {
        go_on();
    } else if (upkeep_ == upkeep::automatic) {
        if (estate_ != nullptr)
            supervisor_->write_to(estate_->book);
        auto started = manager_->passed().empty() ? try_addresses(settings_) : result<>{};
        if (started)
            started = supervisor_->start(workers_wanted());
        if (!started) {
            log::fatal("{}", started.error().text());
            outcome_ = outcome::refused;
            supervisor_->kill_all();
            stopping_ = true;
        }
    }
    if (begin && !stopping_) {
        playing_ = true;
        tasks_.spawn(play(std::move(begin)));
    }
    if (upkeep_ == upkeep::automatic) {
        tasks_.spawn(recycler_->run());
        tasks_.spawn(scaler_->run());
        if (!watched_.empty())
            tasks_.spawn(watch_files(std::move(watched_), [this](const std::string& file) {
                log::info("{} has changed: reloading", file);
                reload();
            }));
        tasks_.spawn(mending_->run());
        tasks_.spawn(checkup_->ask_over_http());
        tasks_.spawn(checkup_->look_at_requests());
    }
    // Deadline: none, this is the life of the primary.
    while (!supervisor_->empty() || (playing_ && !stopping_))
        co_await supervisor_->change();
    if (!stopping_ && supervisor_->all_parked()) {
        log::fatal("every slot was given up");
        outcome_ = outcome::given_up;
    }
    co_await reception_.close();
    tasks_.stop();
    co_await tasks_.join();
    co_await foyer_->close();
    co_await recycler_->close();
    co_await supervisor_->close();
    poller_.stop();
}

/// For the log, and as the first event of a list that begins anew.
void primary::recount_succession()
{
    const std::size_t workers = supervisor_->workers().size();
    boost::json::object more{{"reason", upgrading_->arrived() ? "upgraded" : "died"}};
    std::string words;
    if (upgrading_->arrived()) {
        words = fmt::format("this primary goes on where the one before the upgrade stopped; {} "
                            "workers",
                            workers);
        log::info("{}", words);
    } else {
        words =
            fmt::format("this primary goes on where one that died stopped; {} workers", workers);
        if (const auto last = process::last_primary()) {
            more["last_pid"] = last->pid;
            words += fmt::format("; that one was pid {}, and ended by {}", last->pid,
                                 process::reason_of(last->how, {}).words());
        }
        log::warn("{}", words);
    }
    more["pid"] = ::getpid();
    more["workers"] = workers;
    more["words"] = words;
    chronicle& past = reception_.past();
    past.note("succession", std::move(more));
}

void primary::go_on()
{
    const board::ledger_head& head = estate_->book.head();
    outcome_ = static_cast<outcome>(head.outcome.load(std::memory_order_acquire));
    if (const auto resumed = supervisor_->resume(estate_->book, *std::move(left_open_)); !resumed) {
        log::fatal("cannot go on where the last primary stopped: {}", resumed.error().text());
        outcome_ = outcome::refused;
        stopping_ = true;
        supervisor_->kill_all();
        return;
    }
    log_by(terms().log);
    if (metrics_)
        metrics_->follows(upgrading_->arrived() ? cohort_metrics::predecessor::upgraded
                                                : cohort_metrics::predecessor::dead);
    recount_succession();
    const auto stood = static_cast<board::reign_stage>(head.stage.load(std::memory_order_acquire));
    const steady_time until{nanoseconds{head.stage_ends_ns.load(std::memory_order_acquire)}};
    const auto left = std::max<nanoseconds>(until - now(), 1ms);
    if (stood != board::reign_stage::serving)
        tasks_.spawn(upgrading_->conclude());
    switch (stood) {
        case board::reign_stage::serving:
            tasks_.spawn(go_on_serving());
            if (const int number = process::asked_to_end(); number != 0 && !stopping_)
                stop(process::signal_name(number) + ", which came while there was no primary");
            return;
        case board::reign_stage::grace:
            stopping_ = true;
            tasks_.spawn(drain_after(left));
            return;
        case board::reign_stage::stopping:
            stopping_ = true;
            supervisor_->retire_all(std::min(left, nanoseconds{terms().stop.timeout}),
                                    finality::last);
            return;
        case board::reign_stage::killing:
            stopping_ = true;
            supervisor_->kill_all();
            return;
    }
}

/// The last primary may have died before it had started them all. This one refuses nothing: who
/// serves already shall go on.
awaitable<> primary::start_the_rest()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!stopped(stop) && !stopping_) {
        // The number may not even have been written down.
        const unsigned wanted =
            supervisor_->wanted() != 0 ? supervisor_->wanted() : workers_wanted();
        const auto started = supervisor_->start(wanted);
        if (started && !reloading_->busy() && supervisor_->seats_taken() > wanted) {
            // One that was more for a while, while the last primary recycled another.
            static_cast<void>(supervisor_->scale(wanted));
        }
        if (started)
            co_return;
        log::error("{}; trying again", started.error().text());
        co_await sleep_for(start_again);
    }
}

awaitable<> primary::go_on_serving()
{
    awaitable<> started = start_the_rest();
    co_await std::move(started);
    awaitable<> right = reloading_->put_right();
    co_await std::move(right);
    awaitable<> verdict = upgrading_->conclude();
    co_await std::move(verdict);
}

void primary::note(board::reign_stage stage, nanoseconds longest) noexcept
{
    if (estate_ == nullptr)
        return;
    board::ledger_head& head = estate_->book.head();
    head.stage_ends_ns.store((now() + longest).time_since_epoch().count(),
                             std::memory_order_release);
    head.outcome.store(static_cast<int>(outcome_), std::memory_order_release);
    head.stage.store(static_cast<std::uint32_t>(stage), std::memory_order_release);
}

awaitable<> primary::play(act begin)
{
    std::string thrown_words;
    bool thrown_any = false;
    try {
        co_await begin();
    } catch (const std::exception& thrown) {
        thrown_any = true;
        thrown_words = thrown.what();
    }
    playing_ = false;
    if (thrown_any)
        fail(thrown_words);
    supervisor_->wake();
}

void primary::fail(std::string_view what) noexcept
{
    log::fatal("exception escaped in the primary: {}; {}", what,
               running() ? "the workers finish and leave" : "nothing is started");
    outcome_ = outcome::failed;
    if (!stopping_)
        stop("an exception in the primary");
}

}  // namespace cohort::primary
