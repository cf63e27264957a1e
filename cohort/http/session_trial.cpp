// What a session does with a request that is like one which has crashed a worker: nobody runs it
// while somebody else does, in the whole cohort.
#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/http/fingerprint.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/session.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

using board::quarantine;

order session::run_if_allowed()
{
    if (const auto why = kept_from_running())
        return answer_in_place_of_run(*why);
    const quarantine* const table = server_.options_.survival.quarantine;
    if (table == nullptr || table->empty())
        return start();
    return act_on(ask_leave());
}

quarantine::leave session::ask_leave()
{
    trial& on = record_->on;
    on.now = trial::stage::asks;
    if (on.fingerprint == 0)
        on.fingerprint = fingerprint(*record_->asked);
    server_.look_at_cases();
    const auto said =
        server_.options_.survival.quarantine->ask(on.fingerprint, cohort::now(), server_.runner());
    if (said == quarantine::leave::alone)
        on.now = trial::stage::alone;
    else if (said != quarantine::leave::later)
        on.now = trial::stage::none;
    return said;
}

order session::act_on(quarantine::leave said)
{
    switch (said) {
        case quarantine::leave::free:
        case quarantine::leave::alone:
            return start();
        case quarantine::leave::refused:
            return answer_in_place_of_run(poison_entry::reason::quarantined);
        case quarantine::leave::later:
            break;
    }
    return wait_for_leave();
}

order session::wait_for_leave()
{
    job_ = job::coroutine;
    static_cast<void>(peer_.get());  // the connection may be closed when we go on
    cancel_ = server_.coroutines_.spawn(stand_by());
    if (cancel_ != nullptr)
        return order::wait;
    job_ = job::none;
    return answer_in_place_of_run(poison_entry::reason::on_trial);
}

awaitable<> session::stand_by()
{
    // In the server's scope; job_ keeps this session alive. The journal says that the request has
    // come and was not begun (or begun and not again): whoever follows us goes on with it.
    constexpr nanoseconds pause_max = milliseconds{16};
    const auto stop = co_await asio::this_coro::cancellation_state;
    const steady_time patience_ends = cohort::now() + server_.options_.survival.trial_patience;
    nanoseconds pause = milliseconds{1};
    auto said = quarantine::leave::later;
    // Who ends a trial is another process, which has no way to call us: so we look.
    while (open() && !stopped(stop) && said == quarantine::leave::later &&
           cohort::now() < patience_ends)
    {
        co_await sleep_for(pause);
        pause = std::min(2 * pause, pause_max);
        if (open() && !stopped(stop))
            said = ask_leave();
    }
    const visit here{*this};
    job_ = job::none;
    cancel_ = nullptr;
    if (!open())
        drop_request();
    else if (said == quarantine::leave::later)
        proceed(answer_in_place_of_run(poison_entry::reason::on_trial));
    else
        proceed(act_on(said));
}

bool session::runs_unasked(steady_time now) const noexcept
{
    // A stream has shown that it can begin, and may last for hours.
    if (!counted_ || streaming_ || !record_ || !record_->asked ||
        record_->on.now != trial::stage::none)
        return false;
    const quarantine& table = *server_.options_.survival.quarantine;
    return table.suspects(fingerprint(*record_->asked), now);
}

}  // namespace cohort::http
