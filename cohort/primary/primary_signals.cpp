// What a primary does when it is signalled, and how it stops.

#include <cohort/primary/primary.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/who_asked.hpp>
#include <cohort/process/background.hpp>
#include <cohort/process/root.hpp>
#include <cohort/process/signals.hpp>

#include <fcntl.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds echo_comes_within = 250ms;

/// The root keeps them out of a primary until it hears them.
void let_in(const std::vector<int>& numbers) noexcept
{
    sigset_t all;
    sigemptyset(&all);
    for (const int each : numbers)
        sigaddset(&all, each);
    ::pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
}

/// Somebody runs it as a service: there is no window whose size could be meant. No terminal alone
/// proves nothing: docker's client, its init and sudo pass on what their own terminal says.
bool in_background(const process::service_manager& manager)
{
    const auto is_set = [](const char* name) {
        const char* const value = std::getenv(name);
        return value != nullptr && *value != '\0';
    };
    const bool as_service = manager.listens() || is_set(process::service_variable) ||
                            is_set(process::background_variable);
    return as_service && !unique_fd{::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY)}.valid();
}

}  // namespace

void primary::heed(const process::caught_signal& heard)
{
    const int number = heard.number;
    const unsigned now = supervisor_->wanted();
    switch (number) {
        case SIGTERM:
        case SIGQUIT:
        case SIGINT:
            // TERM twice is what impatient supervisors send; INT on top is a person's hurry.
            if (stopping_ && number != SIGINT)
                return;
            stop(who_sent(heard));
            return;
        case SIGHUP:
            reload();
            return;
        case SIGUSR2:
            upgrade();
            return;
        case SIGUSR1:
            logs_->reopen_now();
            return;
        case SIGWINCH:
            drain_workers();
            return;
        case SIGTTIN:
        case SIGTTOU: {
            const unsigned wanted = number == SIGTTIN ? now + 1 : now - 1;
            if (reloading_->busy())
                log::warn("workers are being replaced: going on with {}; ask again when that is "
                          "over",
                          now);
            else if (const auto done =
                         supervisor_->set_number(config::worker_count::exactly(wanted));
                     done)
                log::info("{} workers wanted", wanted);
            else
                log::warn("{}; going on with {}", done.error().text(), now);
            return;
        }
        default:
            log::warn("{} is for a later version; ignored", process::signal_name(number));
    }
}

/// As nginx and gunicorn do, and as they do in the background only. A window that gets another size
/// says the same word, and means nothing by it.
void primary::drain_workers()
{
    if (stopping_)
        return;
    if (!in_background(*manager_)) {
        if (!std::exchange(winch_told_, true))
            log::warn("WINCH drains services and what `cohort start` started: here it may mean the "
                      "size of a window, and is ignored; `cohort drain {}` drains",
                      settings_.name);
        return;
    }
    if (upkeep_ == upkeep::by_hand) {
        log::warn("a cluster that forks by hand decides itself who leaves; going on as before");
        return;
    }
    if (reloading_->busy()) {
        log::warn("workers are being replaced: nobody is drained; ask again when that is over");
        return;
    }
    log::info("all workers are drained; `cohort resume {}` fills their slots again",
              settings_.name);
    for (const std::uint32_t slot : supervisor_->filled_slots()) {
        if (const auto held = supervisor_->hold(slot); !held)
            log::warn("{}; going on with it", held.error().text());
    }
}

void primary::reload()
{
    if (stopping_)
        return;
    if (upkeep_ == upkeep::by_hand) {
        log::warn("a cluster that forks by hand cannot be reloaded; going on as before");
        notice_->reload_began("reloading");
        notice_->reload_ended("a cluster that forks by hand cannot be reloaded");
        return;
    }
    transactions_->reload_soon();
}

void primary::upgrade()
{
    if (stopping_)
        return;
    if (upkeep_ == upkeep::by_hand) {
        log::warn("a cluster that forks by hand cannot be upgraded; going on as before");
        return;
    }
    upgrading_->upgrade_soon();
}

bool primary::is_echo(const process::caught_signal& heard)
{
    // Who signals the whole group reaches us directly, and once more through the root.
    const bool echo =
        last_heard_ && last_heard_->number == heard.number && last_heard_->from == heard.from &&
        last_heard_->forwarded != heard.forwarded && now() - last_heard_at_ < echo_comes_within;
    last_heard_.reset();
    if (!echo) {
        last_heard_ = heard;
        last_heard_at_ = now();
    }
    return echo;
}

awaitable<> primary::hear_signals()
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const std::vector<int> numbers{process::signals_for_primaries.begin(),
                                   process::signals_for_primaries.end()};
    auto caught = process::signals::catch_these(loop_.get_executor(), numbers);
    if (!caught) {
        log::warn("cannot listen to signals: {}; they end this process from now on",
                  caught.error().text());
        let_in(numbers);
        co_return;
    }
    while (!stopped(stop)) {
        const auto next = co_await caught->next();
        if (!next)
            co_return;
        const bool resized = next->number == SIGWINCH && next->by_terminal;
        if (!is_echo(*next) && !resized)
            heed(*next);
    }
}

void primary::stop(std::string_view by)
{
    if (!supervisor_)
        return;
    chronicle& past = reception_.past();
    if (std::exchange(stopping_, true)) {
        log::warn("asked to stop again, by {}: ending all workers now", by);
        past.note("killing", {{"by", std::string{by}}});
        note(board::reign_stage::killing, 0ns);
        supervisor_->kill_all();
        return;
    }
    log::info("stopping: asked by {}", by);
    past.note("stopping", {{"by", std::string{by}}});
    const nanoseconds grace = terms().stop.drain_time();
    notice_->stopping(grace + terms().stop.timeout);
    if (grace > 0ns) {
        log::info("serving on for {} ms before the drain", terms().stop.drain_time().count());
        note(board::reign_stage::grace, grace);
        tasks_.spawn(drain_after(grace));
    } else {
        drain();
    }
}

awaitable<> primary::drain_after(nanoseconds grace)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    // First of all: whoever probes looks elsewhere while everything is still served.
    supervisor_->turn_readiness_off();
    co_await sleep_for(grace);
    if (!stopped(stop))
        drain();
}

void primary::drain()
{
    note(board::reign_stage::stopping, terms().stop.timeout);
    notice_->stopping(terms().stop.timeout);
    supervisor_->retire_all(terms().stop.timeout, finality::last);
}

}  // namespace cohort::primary
